"""The customer's own address for papers: who may write to it, and mails that wait for his yes."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import mail_in_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import asked, next_page, page_token
from kontor_portal.requests import signed_in

mail_pages = Blueprint("mail_pages", __name__)

_HERE = "/kunde/post/e-mail"


@mail_pages.get(_HERE)
def mailbox() -> ResponseReturnValue:
    """Show the address, the senders, and what waits."""
    return _show(Form())


@mail_pages.post(_HERE)
def change() -> ResponseReturnValue:
    """Do what the pressed button says."""
    values = sent()
    try:
        _change(values)
    except grpc.RpcError as error:
        return _show(refused(error))
    return redirect(_HERE, 303)


@mail_pages.post(f"{_HERE}/<id:mail_id>")
def decide(mail_id: str) -> ResponseReturnValue:
    """File a mail that waits, or destroy it."""
    customer_id, calls = signed_in().customer_id, gateway.mail_in()
    try:
        if sent().get("action") == "ablegen":
            confirm = mail_in_pb2.ConfirmHeldMailRequest(
                customer_id=customer_id, mail_id=mail_id, request_id=new_request_id()
            )
            calls.ConfirmHeldMail(confirm)
            flash(
                t("Die Anlagen liegen jetzt in Ihren Dokumenten.", du="Die Anlagen liegen jetzt in deinen Dokumenten."),
                "ok",
            )
        else:
            reject = mail_in_pb2.RejectHeldMailRequest(
                customer_id=customer_id, mail_id=mail_id, request_id=new_request_id()
            )
            calls.RejectHeldMail(reject)
            flash(t("Die E-Mail ist vernichtet."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(_HERE, 303)


def _change(values: Mapping[str, str]) -> None:
    customer_id, calls, action = signed_in().customer_id, gateway.mail_in(), values.get("action", "")
    about = {"customer_id": customer_id, "request_id": new_request_id()}
    if action == "neu":
        calls.RenewMailbox(mail_in_pb2.RenewMailboxRequest(**about))
        flash(t("Ihre Adresse ist bereit.", du="Deine Adresse ist bereit."), "ok")
    elif action == "aus":
        calls.CloseMailbox(mail_in_pb2.CloseMailboxRequest(**about))
        flash(t("Die Adresse ist abgeschaltet."), "ok")
    elif action == "zulassen":
        calls.AllowMailSender(mail_in_pb2.AllowMailSenderRequest(**about, email=values.get("email", "")))
        flash(t("Der Absender ist zugelassen."), "ok")
    elif action == "entfernen":
        calls.RefuseMailSender(mail_in_pb2.RefuseMailSenderRequest(**about, email=values.get("email", "")))
        flash(t("Der Absender ist entfernt."), "ok")


def _show(form: Form) -> ResponseReturnValue:
    customer_id, calls = signed_in().customer_id, gateway.mail_in()
    wanted = mail_in_pb2.ListHeldMailsRequest(customer_id=customer_id, page_token=page_token())
    held = asked(calls.ListHeldMails, wanted, mail_in_pb2.ListHeldMailsResponse())
    box = calls.GetMailbox(mail_in_pb2.GetMailboxRequest(customer_id=customer_id))
    return render_template(
        "customer/mailbox.html",
        box=box,
        mails=tuple(held().mails),
        next_url=next_page(held().next_page_token),
        form=form,
        here=_HERE,
    ), form.status
