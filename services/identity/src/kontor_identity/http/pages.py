"""The pages: sign in, choose a membership, accept an invitation, forgotten password, sign out.

They work without JavaScript; there is none. Every form bears a mark (CSRF), every page the firm's brand.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import grpc
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1 import signin_pb2 as pb
from kontor_chassis.errors import DomainError

from kontor_identity.http.brand import Firms
from kontor_identity.http.browser import (
    FORM_FIELD,
    Cookies,
    device,
    firm_slug,
    open_session,
    visitor_address,
)
from kontor_identity.http.calls import refusal_in, sign_in_service
from kontor_identity.http.provider import Provider

_STALE_FORM = "Die Seite war zu lange offen. Bitte senden Sie das Formular noch einmal ab."
_PASSWORDS_DIFFER = "Die beiden Passwörter stimmen nicht überein."
_CLOSED_PAGES = {
    accounts_pb2.INVITATION_STATE_ACCEPTED: "invitation_accepted.html",
    accounts_pb2.INVITATION_STATE_EXPIRED: "invitation_closed.html",
    accounts_pb2.INVITATION_STATE_REVOKED: "invitation_closed.html",
}


class Pages:
    """The pages and what they need."""

    def __init__(self, provider: Provider, cookies: Cookies, firms: Firms) -> None:
        self._provider = provider
        self._cookies = cookies
        self._firms = firms

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("pages", __name__)
        routes.add_url_rule("/login", view_func=self.login_page, methods=["GET"])
        routes.add_url_rule("/login", view_func=self.login, methods=["POST"])
        routes.add_url_rule("/invitation/<token>", view_func=self.invitation_page, methods=["GET"])
        routes.add_url_rule("/invitation/<token>", view_func=self.accept_invitation, methods=["POST"])
        routes.add_url_rule("/password", view_func=self.forgotten_page, methods=["GET"])
        routes.add_url_rule("/password", view_func=self.request_reset, methods=["POST"])
        routes.add_url_rule("/password/<token>", view_func=self.reset_page, methods=["GET"])
        routes.add_url_rule("/password/<token>", view_func=self.reset_password, methods=["POST"])
        routes.add_url_rule("/logout", view_func=self.logout, methods=["GET", "POST"])
        return routes

    def show_error(self, status: int, message: str, code: str) -> ResponseReturnValue:
        """Render a problem as a page; `code` is for whoever is told about it."""
        return self._page("problem.html", status=status, message=message, code=code)

    def login_page(self) -> ResponseReturnValue:
        """Ask for address and password, or which membership; whoever is signed in already goes on."""
        session = open_session(self._cookies)
        asks_anew = request.args.get("again") or request.args.get("choose")
        if session is not None and session.membership_id and not asks_anew:
            return redirect(_after_sign_in(), code=303)
        if session is not None and not request.args.get("again"):
            return self._choice(session)
        return self._login_form()

    def login(self) -> ResponseReturnValue:
        """Sign in, or take the membership chosen."""
        if not self._cookies.form_is_ours():
            return self._login_form(error=_STALE_FORM, status=400)
        if request.form.get("membership"):
            return self._choose(request.form["membership"])
        email, password = request.form.get("email", "").strip(), request.form.get("password", "")
        if not email or not password:
            return self._login_form(error="Bitte geben Sie E-Mail-Adresse und Passwort ein.", email=email, status=400)
        asked = pb.SignInRequest(
            email=email[:254],
            password=password[:256],
            client_address=visitor_address(),
            device=device(),
            firm=self._slug(),
        )
        try:
            session = sign_in_service().SignIn(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._login_form(error=refused.message, email=email, status=_status(refused))
        return self._entered(session)

    def invitation_page(self, token: str) -> ResponseReturnValue:
        """Greet the person invited, or say what became of the invitation."""
        card = self._invitation(token)
        if card is None:
            return self._page("invitation_closed.html", status=404, card=None)
        return self._invitation_form(card)

    def accept_invitation(self, token: str) -> ResponseReturnValue:
        """Accept and go on signed in."""
        card = self._invitation(token)
        if card is None or card.state != accounts_pb2.INVITATION_STATE_OPEN:
            return self.invitation_page(token)
        password = request.form.get("password", "")
        if not self._cookies.form_is_ours():
            return self._invitation_form(card, error=_STALE_FORM, status=400)
        if not password:
            return self._invitation_form(card, error="Bitte geben Sie ein Passwort ein.", status=400)
        if not card.account_exists and password != request.form.get("repeated", ""):
            return self._invitation_form(card, error=_PASSWORDS_DIFFER, status=400)
        asked = pb.AcceptInvitationRequest(
            token=token, password=password[:256], client_address=visitor_address(), device=device()
        )
        try:
            session = sign_in_service().AcceptInvitation(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            if refused.reason == "INVITATION_CLOSED":
                return redirect(request.path, code=303)
            return self._invitation_form(card, error=refused.message, status=_status(refused))
        going_on = redirect(f"/auth/login?{urlencode({'firm': card.tenant_slug})}", code=303)
        return self._cookies.remember(make_response(going_on), session.session_id)

    def forgotten_page(self) -> ResponseReturnValue:
        """Ask for the address of a forgotten password."""
        return self._page("password_forgotten.html", error="", email="")

    def request_reset(self) -> ResponseReturnValue:
        """Have a link sent; the answer is the same for every address."""
        email = request.form.get("email", "").strip()
        if not self._cookies.form_is_ours() or not email:
            error = _STALE_FORM if email else "Bitte geben Sie Ihre E-Mail-Adresse ein."
            return self._page("password_forgotten.html", status=400, error=error, email=email)
        asked = pb.RequestPasswordResetRequest(email=email[:254], client_address=visitor_address(), firm=self._slug())
        try:
            sign_in_service().RequestPasswordReset(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self._page("password_forgotten.html", status=_status(refused), error=refused.message, email=email)
        return self._page("password_sent.html", email=email)

    def reset_page(self, token: str) -> ResponseReturnValue:
        """Ask for the new password."""
        try:
            sign_in_service().CheckPasswordReset(pb.CheckPasswordResetRequest(token=token[:200]))
        except grpc.RpcError as error:
            return self._page("password_link_invalid.html", status=410, message=refusal_in(error).message)
        return self._page("password_new.html", error="")

    def reset_password(self, token: str) -> ResponseReturnValue:
        """Set the new password."""
        password = request.form.get("password", "")
        problem = "" if self._cookies.form_is_ours() else _STALE_FORM
        if not problem and (not password or password != request.form.get("repeated", "")):
            problem = _PASSWORDS_DIFFER if password else "Bitte geben Sie ein Passwort ein."
        if problem:
            return self._page("password_new.html", status=400, error=problem)
        try:
            sign_in_service().ResetPassword(pb.ResetPasswordRequest(token=token[:200], password=password[:256]))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            if refused.reason == "RESET_LINK_INVALID":
                return self._page("password_link_invalid.html", status=410, message=refused.message)
            return self._page("password_new.html", status=_status(refused), error=refused.message)
        return self._cookies.forget(self._page("password_changed.html"))

    def logout(self) -> ResponseReturnValue:
        """End the session: at once with a valid id token (RP-Initiated Logout), else after a confirmation."""
        try:
            asked = self._provider.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return self.show_error(400, "Diese Abmeldung kann nicht ausgeführt werden.", str(error.error))
        confirmed = request.method == "POST" and self._cookies.form_is_ours()
        if asked.needs_confirmation and not confirmed:
            return self._page("logout.html")
        session_id = self._cookies.session_id()
        if session_id:
            sign_in_service().EndSession(pb.EndSessionRequest(session_id=session_id))
        response = self._provider.create_endpoint_response("end_session", asked) or self._page("signed_out.html")
        return self._cookies.forget(response)

    def _choose(self, membership_id: str) -> ResponseReturnValue:
        session = open_session(self._cookies)
        if session is None:
            return self._login_form(error="Bitte melden Sie sich erneut an.", status=401)
        asked = pb.ChooseMembershipRequest(session_id=session.session_id, membership_id=membership_id)
        try:
            return self._entered(sign_in_service().ChooseMembership(asked))
        except grpc.RpcError as error:
            refusal_in(error)
            return self._choice(session, status=400)

    def _entered(self, session: pb.BrowserSession) -> ResponseReturnValue:
        """Remember the session and go on: to where the visitor came from, or to the choice of a membership."""
        if not session.membership_id:
            return self._cookies.remember(self._choice(session), session.session_id)
        return self._cookies.remember(make_response(redirect(_after_sign_in(), code=303)), session.session_id)

    def _choice(self, session: pb.BrowserSession, status: int = 200) -> Response:
        return self._page("choose.html", status=status, memberships=list(session.memberships), next=_next())

    def _login_form(self, *, error: str = "", email: str = "", status: int = 200) -> Response:
        return self._page("login.html", status=status, error=error, email=email, next=_next())

    def _invitation(self, token: str) -> pb.InvitationCard | None:
        try:
            return sign_in_service().GetInvitationByToken(pb.GetInvitationByTokenRequest(token=token[:200]))
        except grpc.RpcError as error:
            refusal_in(error)
            return None

    def _invitation_form(self, card: pb.InvitationCard, *, error: str = "", status: int = 200) -> Response:
        template = _CLOSED_PAGES.get(card.state, "invitation.html")
        informal = card.form == people_pb2.ADDRESS_FORM_DU
        closed = template in _CLOSED_PAGES.values()
        return self._page(
            template, status=410 if closed else status, slug=card.tenant_slug, card=card, du=informal, error=error
        )

    def _slug(self) -> str:
        """Return the firm: of this request, or of the authorization request it came from."""
        of_request = parse_qs(urlsplit(_next()).query).get("firm", [""])[0]
        return firm_slug(request.form.get("firm", "") or request.args.get("firm", "") or of_request)

    def _page(self, template: str, *, status: int = 200, slug: str = "", **shown: Any) -> Response:
        nonce = self._cookies.form_nonce()
        firm = self._firms.find(slug or self._slug())
        mark = {"field": FORM_FIELD, "value": self._cookies.form_mark(nonce)}
        response = make_response(render_template(template, firm=firm, mark=mark, **shown), status)
        return self._cookies.keep_nonce(response, nonce)


def _next() -> str:
    """Return where to go after signing in: an authorization request of this very provider, or nothing."""
    wanted = request.values.get("next", "")
    return wanted if wanted.startswith("/oauth/authorize?") else ""


def _after_sign_in() -> str:
    return _next() or "/auth/login"


def _status(refused: DomainError) -> int:
    return {"TOO_MANY_ATTEMPTS": 429, "SIGN_IN_BUSY": 503}.get(refused.reason, 400)
