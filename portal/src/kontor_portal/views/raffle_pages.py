"""Raffles as the operator and the network organisation run them, and the protocol that anybody may check (F165)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import raffles_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, missing, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t, tn
from kontor_portal.identity_labels import raffle_kind, raffle_state
from kontor_portal.reading import next_page, page_token

raffle_pages = Blueprint("raffle_pages", __name__)

_MOST_CODES: Final = 1000
_KINDS: Final[Mapping[str, pb.RaffleKind.ValueType]] = {
    "gutschein": pb.RAFFLE_KIND_VOUCHER,
    "verlosung": pb.RAFFLE_KIND_DRAW,
}


@raffle_pages.get("/betrieb/gewinnspiel")
@raffle_pages.get("/netzwerk/gewinnspiel")
def raffles() -> ResponseReturnValue:
    """List raffles; the form prepares another."""
    return _list(Form())


@raffle_pages.post("/betrieb/gewinnspiel")
@raffle_pages.post("/netzwerk/gewinnspiel")
def create() -> ResponseReturnValue:
    """Prepare a raffle."""
    values = sent()
    prizes = values.get("prizes", "1")
    wanted = pb.CreateRaffleRequest(
        kind=_KINDS.get(values.get("kind", ""), pb.RAFFLE_KIND_UNSPECIFIED),
        prize=values.get("prize", ""),
        prizes=int(prizes) if prizes.isdecimal() and len(prizes) < 5 else 0,
        organiser=values.get("organiser", ""),
        conditions=values.get("conditions", ""),
        last_date=values.get("last_date", ""),
        public_source=values.get("public_source", ""),
        request_id=new_request_id(),
    )
    try:
        made = gateway.raffles().CreateRaffle(wanted)
    except grpc.RpcError as error:
        return _list(refused(error))
    flash(t("Das Gewinnspiel ist vorbereitet. Kunden sehen es erst, wenn Sie es eröffnen."), "ok")
    return redirect(f"{_base()}/{made.raffle_id}", 303)


@raffle_pages.get("/betrieb/gewinnspiel/<id:raffle_id>")
@raffle_pages.get("/netzwerk/gewinnspiel/<id:raffle_id>")
def raffle(raffle_id: str) -> ResponseReturnValue:
    """Show one raffle with what can be done."""
    return _show(raffle_id, Form())


@raffle_pages.post("/betrieb/gewinnspiel/<id:raffle_id>/gutscheine")
@raffle_pages.post("/netzwerk/gewinnspiel/<id:raffle_id>/gutscheine")
def add_vouchers(raffle_id: str) -> ResponseReturnValue:
    """Put codes into the stock: one a line, typed or from a text file."""
    file = request.files.get("file")
    uploaded = file.read(200_000).decode("utf-8", errors="replace") if file else ""
    codes = [line.strip() for line in (sent().get("codes", "") + "\n" + uploaded).splitlines() if line.strip()]
    if not codes:
        return _show(raffle_id, Form(sent(), {"codes": missing()}))
    if len(codes) > _MOST_CODES:
        return _show(raffle_id, Form(sent(), {"codes": t("Höchstens 1.000 Codes auf einmal.")}))
    wanted = pb.AddVouchersRequest(raffle_id=raffle_id, codes=codes, request_id=new_request_id())
    try:
        answer = gateway.raffles().AddVouchers(wanted)
    except grpc.RpcError as error:
        return _show(raffle_id, refused(error))
    said = tn("%(count)s Gutschein hinterlegt.", "%(count)s Gutscheine hinterlegt.", answer.added)
    left_out = tn("%(count)s war schon da.", "%(count)s waren schon da.", answer.already_present)
    flash(f"{said} {left_out}" if answer.already_present else said, "ok")
    return redirect(f"{_base()}/{raffle_id}", 303)


@raffle_pages.post("/betrieb/gewinnspiel/<id:raffle_id>/eroeffnen")
@raffle_pages.post("/netzwerk/gewinnspiel/<id:raffle_id>/eroeffnen")
def open_raffle(raffle_id: str) -> ResponseReturnValue:
    """Offer it to customers."""
    wanted = pb.OpenRaffleRequest(raffle_id=raffle_id, request_id=new_request_id())
    return _done(raffle_id, lambda: gateway.raffles().OpenRaffle(wanted), t("Das Gewinnspiel läuft."))


@raffle_pages.post("/betrieb/gewinnspiel/<id:raffle_id>/beenden")
@raffle_pages.post("/netzwerk/gewinnspiel/<id:raffle_id>/beenden")
def end_raffle(raffle_id: str) -> ResponseReturnValue:
    """End it without a draw."""
    wanted = pb.EndRaffleRequest(raffle_id=raffle_id, request_id=new_request_id())
    return _done(raffle_id, lambda: gateway.raffles().EndRaffle(wanted), t("Das Gewinnspiel ist beendet."))


@raffle_pages.post("/betrieb/gewinnspiel/<id:raffle_id>/ziehen")
@raffle_pages.post("/netzwerk/gewinnspiel/<id:raffle_id>/ziehen")
def draw(raffle_id: str) -> ResponseReturnValue:
    """Draw the prizes."""
    wanted = pb.DrawRaffleRequest(
        raffle_id=raffle_id, public_value=sent().get("public_value", ""), request_id=new_request_id()
    )
    said = t("Gezogen. Die Gewinner werden informiert, das Protokoll ist öffentlich.")
    return _done(raffle_id, lambda: gateway.raffles().DrawRaffle(wanted), said)


@raffle_pages.get("/gewinnspiel/<id:raffle_id>")
def protocol(raffle_id: str) -> ResponseReturnValue:
    """Show how a draw came about, for anybody."""
    stub = gateway.raffles(signed_in=False)
    found = stub.GetDrawProtocol(pb.GetDrawProtocolRequest(raffle_id=raffle_id))
    return render_template("public/draw.html", protocol=found)


def _base() -> str:
    """Return the address of the list in the area that is open."""
    return f"/{request.path.split('/')[1]}/gewinnspiel"


def _done(raffle_id: str, act: Callable[[], object], said: str) -> ResponseReturnValue:
    try:
        act()
    except grpc.RpcError as error:
        return _show(raffle_id, refused(error))
    flash(said, "ok")
    return redirect(f"{_base()}/{raffle_id}", 303)


def _list(form: Form) -> ResponseReturnValue:
    answer = gateway.raffles().ListRaffles(pb.ListRafflesRequest(page_size=20, page_token=page_token()))
    return render_template(
        "operator/raffles.html",
        raffles=tuple(answer.raffles),
        next_url=next_page(answer.next_page_token),
        kinds=tuple(Choice(name, raffle_kind(value)) for name, value in _KINDS.items()),
        base=_base(),
        kind=raffle_kind,
        state=raffle_state,
        form=form,
    ), form.status


def _show(raffle_id: str, form: Form) -> ResponseReturnValue:
    found = gateway.raffles().GetRaffle(pb.GetRaffleRequest(raffle_id=raffle_id))
    return render_template(
        "operator/raffle.html",
        raffle=found,
        base=_base(),
        kind=raffle_kind(found.kind),
        state=raffle_state(found.state),
        form=form,
    ), form.status
