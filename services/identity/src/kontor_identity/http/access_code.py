"""The page for the access code of a letter (F137): to the invitation, or to a mail with its link."""

from __future__ import annotations

import grpc
from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import invitations_internal_pb2 as pb
from kontor.identity.v1 import people_pb2
from kontor_chassis.errors import DomainError

from kontor_identity.http.browser import Cookies, visitor_address
from kontor_identity.http.calls import invitation_service, refusal_in
from kontor_identity.http.pages import STALE_FORM, Pages, status_of

PATH = "/invitation/code"
_CODE_MISSING = "Bitte geben Sie den Code ein."


class AccessCodePages:
    """The page and what it needs. The code in a QR code's address only fills in the form: looking uses nothing up."""

    def __init__(self, pages: Pages, cookies: Cookies) -> None:
        self._pages = pages
        self._cookies = cookies

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("access_code", __name__)
        routes.add_url_rule(PATH, view_func=self.code_page, methods=["GET"])
        routes.add_url_rule(PATH, view_func=self.redeem, methods=["POST"])
        return routes

    def code_page(self) -> ResponseReturnValue:
        """Ask for the code."""
        return self._form(request.args.get("code", "")[:40])

    def redeem(self) -> ResponseReturnValue:
        """Go on with the code: to the invitation, to the question for an address, or to a mail."""
        code, email = request.form.get("code", "").strip()[:40], request.form.get("email", "").strip()[:254]
        if not self._cookies.form_is_ours() or not code:
            return self._form(code, error=STALE_FORM if code else _CODE_MISSING, status=400)
        wanted = pb.RedeemAccessCodeRequest(code=code, email=email, client_address=visitor_address())
        try:
            redeemed = invitation_service().RedeemAccessCode(wanted)
        except grpc.RpcError as error:
            return self._refused(refusal_in(error), code, email)
        if redeemed.token:
            return redirect(f"/invitation/{redeemed.token}", code=303)
        informal = redeemed.form == people_pb2.ADDRESS_FORM_DU
        template = "access_code_mail.html" if redeemed.mail_sent else "access_code_email.html"
        return self._pages.page(
            template, slug=redeemed.tenant_slug, greeting=redeemed.letter_greeting, du=informal,
            code=code, email=email, error="",
        )  # fmt: skip

    def _refused(self, refused: DomainError, code: str, email: str) -> ResponseReturnValue:
        if email and refused.reason != "ACCESS_CODE_INVALID":
            return self._pages.page(
                "access_code_email.html", status=status_of(refused), greeting="", du=False,
                code=code, email=email, error=refused.message,
            )  # fmt: skip
        return self._form(code, error=refused.message, status=status_of(refused))

    def _form(self, code: str, *, error: str = "", status: int = 200) -> ResponseReturnValue:
        return self._pages.page("access_code.html", status=status, code=code, error=error)
