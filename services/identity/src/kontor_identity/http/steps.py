"""The pages beyond the password: second factor, one-time code, passkey, confirmation of an e-mail address.

A sign-in under way is bound to the browser by its ticket's cookie. All pages but the passkeys' work without
JavaScript.
"""

from __future__ import annotations

from urllib.parse import urlencode

import grpc
from flask import Blueprint, Response, jsonify, make_response, redirect, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import signin_pb2
from kontor.identity.v1 import signin_steps_pb2 as pb
from kontor_chassis.errors import DomainError

from kontor_identity.http.browser import Cookies, host_name, open_session, visitor_address
from kontor_identity.http.calls import refusal_in, steps_service
from kontor_identity.http.device_names import device
from kontor_identity.http.pages import STALE_FORM, Pages, allow_passkeys, status_of, wanted_next

_LONGEST_CREDENTIAL = 20_000
_CODE_MISSING = "Bitte geben Sie den Code ein."


class Steps:
    """The pages and what they need."""

    def __init__(self, pages: Pages, cookies: Cookies) -> None:
        self._pages = pages
        self._cookies = cookies

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("steps", __name__)
        routes.add_url_rule("/login/second-factor", view_func=self.factor_page, methods=["GET"])
        routes.add_url_rule("/login/second-factor", view_func=self.verify_factor, methods=["POST"])
        routes.add_url_rule("/login/code", view_func=self.code_request_page, methods=["GET"])
        routes.add_url_rule("/login/code", view_func=self.request_code, methods=["POST"])
        routes.add_url_rule("/login/code/enter", view_func=self.code_page, methods=["GET"])
        routes.add_url_rule("/login/code/enter", view_func=self.verify_code, methods=["POST"])
        routes.add_url_rule("/login/passkey/options", view_func=self.passkey_options, methods=["POST"])
        routes.add_url_rule("/login/passkey", view_func=self.verify_passkey, methods=["POST"])
        routes.add_url_rule("/email/<token>", view_func=self.email_page, methods=["GET"])
        routes.add_url_rule("/email/<token>", view_func=self.confirm_email, methods=["POST"])
        return routes

    def factor_page(self) -> ResponseReturnValue:
        """Ask for the code of the authenticator app: to complete a sign-in, or to make a session strong."""
        if not self._cookies.ticket() and open_session(self._cookies) is None:
            return self._begin_again()
        return self._factor_form()

    def verify_factor(self) -> ResponseReturnValue:
        """Check the code and go on."""
        code = request.form.get("code", "").strip()
        if not self._cookies.form_is_ours() or not code:
            return self._factor_form(error=_CODE_MISSING if not code else STALE_FORM, status=400)
        ticket, session_id = self._cookies.ticket(), self._cookies.session_id()
        try:
            if ticket:
                wanted = pb.VerifySecondFactorRequest(ticket=ticket, code=code[:40], visitor=self._visitor())
                return self._pages.entered(steps_service().VerifySecondFactor(wanted))
            if not session_id:
                return self._begin_again()
            confirmed = pb.ConfirmSessionRequest(session_id=session_id, code=code[:40], visitor=self._visitor())
            return self._pages.entered(steps_service().ConfirmSession(confirmed))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._over(refused) or self._factor_form(error=refused.message, status=status_of(refused))

    def code_request_page(self) -> ResponseReturnValue:
        """Ask for the address a one-time code is to go to."""
        return self._code_request_form(email=request.args.get("email", "")[:254])

    def request_code(self) -> ResponseReturnValue:
        """Have a code sent; what follows is the same for every address."""
        email = request.form.get("email", "").strip()[:254]
        if not self._cookies.form_is_ours() or not email:
            error = STALE_FORM if email else "Bitte geben Sie Ihre E-Mail-Adresse ein."
            return self._code_request_form(email=email, error=error, status=400)
        try:
            sent = steps_service().RequestSignInCode(pb.RequestSignInCodeRequest(email=email, visitor=self._visitor()))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._code_request_form(email=email, error=refused.message, status=status_of(refused))
        query = urlencode({"next": wanted_next(), "firm": self._pages.slug()})
        return self._cookies.keep_ticket(make_response(redirect(f"/login/code/enter?{query}", code=303)), sent.ticket)

    def code_page(self) -> ResponseReturnValue:
        """Ask for the code of the mail."""
        return self._code_form() if self._cookies.ticket() else self._begin_again()

    def verify_code(self) -> ResponseReturnValue:
        """Check the code and go on."""
        code, ticket = request.form.get("code", "").strip(), self._cookies.ticket()
        if not ticket:
            return self._begin_again()
        if not self._cookies.form_is_ours() or not code:
            return self._code_form(error=_CODE_MISSING if not code else STALE_FORM, status=400)
        wanted = pb.VerifySignInCodeRequest(ticket=ticket, code=code[:40], visitor=self._visitor())
        try:
            return self._pages.entered(steps_service().VerifySignInCode(wanted))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._over(refused) or self._code_form(error=refused.message, status=status_of(refused))

    def passkey_options(self) -> ResponseReturnValue:
        """Return what the browser is asked to prove; asked by the page's script."""
        begun = steps_service().BeginPasskeySignIn(pb.BeginPasskeySignInRequest(host=host_name()))
        return jsonify(ceremony=begun.ceremony_id, options=begun.options_json)

    def verify_passkey(self) -> ResponseReturnValue:
        """Check the browser's answer and go on."""
        if not self._cookies.form_is_ours():
            return self._pages.login_form(error=STALE_FORM, status=400)
        wanted = pb.VerifyPasskeyRequest(
            ceremony_id=request.form.get("ceremony", ""),
            credential_json=request.form.get("credential", "")[:_LONGEST_CREDENTIAL],
            visitor=self._visitor(),
        )
        try:
            return self._pages.entered(steps_service().VerifyPasskey(wanted))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._pages.login_form(error=refused.message, status=status_of(refused))

    def email_page(self, token: str) -> ResponseReturnValue:
        """Show the new address and ask to confirm it; following a link alone changes nothing (mail scanners do)."""
        try:
            change = steps_service().CheckEmailChange(pb.CheckEmailChangeRequest(token=token[:200]))
        except grpc.RpcError as error:
            return self._pages.page("email_link_invalid.html", status=410, message=refusal_in(error).message)
        return self._pages.page("email_confirm.html", new_email=change.new_email, error="")

    def confirm_email(self, token: str) -> ResponseReturnValue:
        """Let the new address take effect."""
        if not self._cookies.form_is_ours():
            return redirect(request.path, code=303)
        try:
            change = steps_service().ConfirmEmailChange(pb.ConfirmEmailChangeRequest(token=token[:200]))
        except grpc.RpcError as error:
            return self._pages.page("email_link_invalid.html", status=410, message=refusal_in(error).message)
        return self._pages.page("email_changed.html", new_email=change.new_email)

    def _visitor(self) -> signin_pb2.SignInVisitor:
        return signin_pb2.SignInVisitor(
            client_address=visitor_address(),
            device=device(),
            firm=self._pages.slug(),
            device_token=self._cookies.device_token(),
            present_session_id=self._cookies.session_id(),
        )

    def _factor_form(self, *, error: str = "", status: int = 200) -> Response:
        confirms = not self._cookies.ticket()
        shown = self._pages.page(
            "second_factor.html", status=status, error=error, next=wanted_next(), confirms=confirms
        )
        return allow_passkeys(shown)

    def _code_request_form(self, *, email: str, error: str = "", status: int = 200) -> Response:
        return self._pages.page("code_request.html", status=status, error=error, email=email, next=wanted_next())

    def _code_form(self, *, error: str = "", status: int = 200) -> Response:
        return self._pages.page("code_enter.html", status=status, error=error, next=wanted_next())

    def _over(self, refused: DomainError) -> ResponseReturnValue | None:
        """Begin again with a word of explanation when the ticket or the session is over."""
        if refused.reason not in ("TICKET_OVER", "SESSION_ENDED"):
            return None
        return self._cookies.forget_ticket(self._pages.login_form(error=refused.message, status=400))

    def _begin_again(self) -> ResponseReturnValue:
        query = {name: value for name, value in (("next", wanted_next()), ("firm", self._pages.slug())) if value}
        return redirect(f"/login?{urlencode({**query, 'again': '1'})}", code=303)
