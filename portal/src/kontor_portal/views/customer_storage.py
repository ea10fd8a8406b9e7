"""Further storage: what is booked and used, the sizes with their prices, booking and giving back (F14)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import storage_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import asked
from kontor_portal.requests import signed_in

customer_storage = Blueprint("customer_storage", __name__)

_PAGE = "/kunde/service/speicher"


@customer_storage.get(_PAGE)
def storage() -> ResponseReturnValue:
    """Show what is used and booked, and what other sizes cost."""
    return _show(Form())


@customer_storage.post(_PAGE)
def change() -> ResponseReturnValue:
    """Book another size, or give all of it back."""
    values = sent()
    blocks = values.get("blocks", "")
    wanted = storage_pb2.ChangeStorageRequest(
        customer_id=signed_in().customer_id,
        blocks=int(blocks) if blocks.isdecimal() and len(blocks) < 4 else 0,
        price_version=values.get("price_version", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        booked = gateway.storage().ChangeStorage(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    if booked.booked_blocks:
        flash(t("Ihr weiterer Speicherplatz beträgt jetzt %(size)s GB.", size=10 * booked.booked_blocks,
                du="Dein weiterer Speicherplatz beträgt jetzt %(size)s GB."), "ok")  # fmt: skip
    else:
        flash(t("Der weitere Speicherplatz ist zurückgegeben."), "ok")
    return redirect(_PAGE, 303)


def _show(form: Form) -> ResponseReturnValue:
    customer_id = signed_in().customer_id
    quota = asked(gateway.vault().GetQuota, vault_pb2.GetQuotaRequest(customer_id=customer_id), vault_pb2.Quota())
    offers = gateway.storage().GetStorageOffers(storage_pb2.GetStorageOffersRequest(customer_id=customer_id))
    return render_template(
        "customer/storage.html", offers=offers, quota=quota(), form=form, request_id=new_request_id()
    ), form.status
