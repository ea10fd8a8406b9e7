"""The pages: sign in, choose a membership, accept an invitation, forgotten password, sign out.

They work without JavaScript; there is none but for passkeys (see `steps` for those and for second factors). Every form
bears a mark (CSRF), every page the firm's brand.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import grpc
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1.access_pb2 import AuthLevel
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1 import signin_pb2 as pb
from kontor_chassis.errors import DomainError

from kontor_identity.http.brand import Firms
from kontor_identity.http.browser import (
    FORM_FIELD,
    Cookies,
    firm_slug,
    host_name,
    open_session,
    visitor_address,
)
from kontor_identity.http.calls import refusal_in, sign_in_service
from kontor_identity.http.device_names import device
from kontor_identity.http.provider import Provider

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
STALE_FORM = "Die Seite war zu lange offen. Bitte senden Sie das Formular noch einmal ab."
STRONG = str(int(AuthLevel.AUTH_LEVEL_STRONG))
"""How `acr_values` and the sign-in page name a strong session."""
_STEPS = {
    pb.SIGN_IN_STEP_SECOND_FACTOR: "/login/second-factor",
    pb.SIGN_IN_STEP_MAIL_CODE: "/login/code/enter",
}
_PASSWORDS_DIFFER = "Die beiden Passwörter stimmen nicht überein."
_CLOSED_PAGES = {
    accounts_pb2.INVITATION_STATE_ACCEPTED: "invitation_accepted.html",
    accounts_pb2.INVITATION_STATE_EXPIRED: "invitation_closed.html",
    accounts_pb2.INVITATION_STATE_REVOKED: "invitation_closed.html",
}


class Pages:
    """The pages and what they need."""

    def __init__(self, provider: Provider, cookies: Cookies, firms: Firms, platform_host: str) -> None:
        self._provider = provider
        self._cookies = cookies
        self._firms = firms
        self._platform_host = platform_host

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
        return self.page("problem.html", status=status, message=message, code=code)

    def login_page(self) -> ResponseReturnValue:
        """Ask for address and password, or which membership; whoever is signed in already goes on."""
        session = open_session(self._cookies)
        asks_anew = request.args.get("again") or request.args.get("choose")
        if session is not None and request.args.get("level") == STRONG and not asks_anew:
            return self._stronger(session)
        if session is not None and session.membership_id and not asks_anew:
            return redirect(after_sign_in(), code=303)
        if session is not None and not request.args.get("again"):
            return self._choice(session)
        return self.login_form(known=session.email if session is not None else "")

    def login(self) -> ResponseReturnValue:
        """Sign in, or take the membership chosen."""
        if not self._cookies.form_is_ours():
            return self.login_form(error=STALE_FORM, status=400)
        if request.form.get("membership"):
            return self._choose(request.form["membership"])
        email, password = request.form.get("email", "").strip(), request.form.get("password", "")
        if not email or not password:
            return self.login_form(error="Bitte geben Sie E-Mail-Adresse und Passwort ein.", email=email, status=400)
        asked = pb.SignInRequest(
            email=email[:254],
            password=password[:256],
            client_address=visitor_address(),
            device=device(),
            firm=self.slug(),
            device_token=self._cookies.device_token(),
            present_session_id=self._cookies.session_id(),
        )
        try:
            session = sign_in_service().SignIn(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self.login_form(error=refused.message, email=email, status=status_of(refused))
        return self.entered(session)

    def invitation_page(self, token: str) -> ResponseReturnValue:
        """Greet the person invited, or say what became of the invitation."""
        card = self._invitation(token)
        if card is None:
            return self.page("invitation_closed.html", status=404, card=None)
        return self._invitation_form(card)

    def accept_invitation(self, token: str) -> ResponseReturnValue:
        """Accept and go on signed in."""
        card = self._invitation(token)
        if card is None or card.state != accounts_pb2.INVITATION_STATE_OPEN:
            return self.invitation_page(token)
        password = request.form.get("password", "")
        if not self._cookies.form_is_ours():
            return self._invitation_form(card, error=STALE_FORM, status=400)
        if not password:
            return self._invitation_form(card, error="Bitte geben Sie ein Passwort ein.", status=400)
        if not card.account_exists and password != request.form.get("repeated", ""):
            return self._invitation_form(card, error=_PASSWORDS_DIFFER, status=400)
        asked = pb.AcceptInvitationRequest(
            token=token,
            password=password[:256],
            client_address=visitor_address(),
            device=device(),
            device_token=self._cookies.device_token(),
        )
        try:
            session = sign_in_service().AcceptInvitation(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            if refused.reason == "INVITATION_CLOSED":
                return redirect(request.path, code=303)
            return self._invitation_form(card, error=refused.message, status=status_of(refused))
        return self.entered(session, f"/auth/login?{urlencode({'firm': card.tenant_slug})}")

    def forgotten_page(self) -> ResponseReturnValue:
        """Ask for the address of a forgotten password."""
        return self.page("password_forgotten.html", error="", email="")

    def request_reset(self) -> ResponseReturnValue:
        """Have a link sent; the answer is the same for every address."""
        email = request.form.get("email", "").strip()
        if not self._cookies.form_is_ours() or not email:
            error = STALE_FORM if email else "Bitte geben Sie Ihre E-Mail-Adresse ein."
            return self.page("password_forgotten.html", status=400, error=error, email=email)
        asked = pb.RequestPasswordResetRequest(email=email[:254], client_address=visitor_address(), firm=self.slug())
        try:
            sign_in_service().RequestPasswordReset(asked)
        except grpc.RpcError as error:
            refused = refusal_in(error)
            return self.page("password_forgotten.html", status=status_of(refused), error=refused.message, email=email)
        return self.page("password_sent.html", email=email)

    def reset_page(self, token: str) -> ResponseReturnValue:
        """Ask for the new password."""
        try:
            sign_in_service().CheckPasswordReset(pb.CheckPasswordResetRequest(token=token[:200]))
        except grpc.RpcError as error:
            return self.page("password_link_invalid.html", status=410, message=refusal_in(error).message)
        return self.page("password_new.html", error="")

    def reset_password(self, token: str) -> ResponseReturnValue:
        """Set the new password."""
        password = request.form.get("password", "")
        problem = "" if self._cookies.form_is_ours() else STALE_FORM
        if not problem and (not password or password != request.form.get("repeated", "")):
            problem = _PASSWORDS_DIFFER if password else "Bitte geben Sie ein Passwort ein."
        if problem:
            return self.page("password_new.html", status=400, error=problem)
        try:
            sign_in_service().ResetPassword(pb.ResetPasswordRequest(token=token[:200], password=password[:256]))
        except grpc.RpcError as error:
            refused = refusal_in(error)
            if refused.reason == "RESET_LINK_INVALID":
                return self.page("password_link_invalid.html", status=410, message=refused.message)
            return self.page("password_new.html", status=status_of(refused), error=refused.message)
        return self._cookies.forget(self.page("password_changed.html"))

    def logout(self) -> ResponseReturnValue:
        """End the session: at once with a valid id token (RP-Initiated Logout), else after a confirmation."""
        try:
            asked = self._provider.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return self.show_error(400, "Diese Abmeldung kann nicht ausgeführt werden.", str(error.error))
        confirmed = request.method == "POST" and self._cookies.form_is_ours()
        if asked.needs_confirmation and not confirmed:
            return self.page("logout.html")
        session_id = self._cookies.session_id()
        if session_id:
            sign_in_service().EndSession(pb.EndSessionRequest(session_id=session_id))
        response = self._provider.create_endpoint_response("end_session", asked) or self.page("signed_out.html")
        return self._cookies.forget(response)

    def _choose(self, membership_id: str) -> ResponseReturnValue:
        session = open_session(self._cookies)
        if session is None:
            return self.login_form(error="Bitte melden Sie sich erneut an.", status=401)
        asked = pb.ChooseMembershipRequest(session_id=session.session_id, membership_id=membership_id)
        try:
            return self.entered(sign_in_service().ChooseMembership(asked))
        except grpc.RpcError as error:
            refusal_in(error)
            return self._choice(session, status=400)

    def entered(self, session: pb.BrowserSession, going_on: str = "") -> ResponseReturnValue:
        """Remember the session and go on: to where the visitor came from, to the choice of a membership, or to the
        step that is still missing.
        """
        if session.ticket:
            query = urlencode({"next": wanted_next(), "firm": self.slug()})
            step = make_response(redirect(f"{_STEPS[session.next_step]}?{query}", code=303))
            return self._cookies.keep_ticket(step, session.ticket)
        if session.membership_id:
            response = make_response(redirect(going_on or after_sign_in(), code=303))
        else:
            response = self._choice(session)
        self._cookies.forget_ticket(response)
        return self._cookies.keep_device(self._cookies.remember(response, session.session_id))

    def _stronger(self, session: pb.BrowserSession) -> ResponseReturnValue:
        """Ask for the second factor of an open session; without one, say how to set it up."""
        if session.level >= AuthLevel.AUTH_LEVEL_STRONG:
            return redirect(after_sign_in(), code=303)
        if not session.can_be_strong:
            return self.page("second_factor_missing.html", status=403)
        query = urlencode({"next": wanted_next(), "firm": self.slug()})
        return self._cookies.forget_ticket(make_response(redirect(f"/login/second-factor?{query}", code=303)))

    def _choice(self, session: pb.BrowserSession, status: int = 200) -> Response:
        return self.page("choose.html", status=status, memberships=list(session.memberships), next=wanted_next())

    def login_form(self, *, error: str = "", email: str = "", known: str = "", status: int = 200) -> Response:
        """Render the sign-in page; `known` is the address of a person who is signed in and has to prove it anew."""
        typed = email or known or request.args.get("email", "")[:254]
        shown = self.page(
            "login.html", status=status, error=error, email=typed, is_proof=bool(known), next=wanted_next()
        )
        return allow_passkeys(shown)

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
        return self.page(
            template, status=410 if closed else status, slug=card.tenant_slug, card=card, du=informal, error=error
        )

    def slug(self) -> str:
        """Return the firm: of this request, or of the authorization request it came from."""
        own = self._firms.at(host_name()).slug
        if own:
            return own
        of_request = parse_qs(urlsplit(wanted_next()).query).get("firm", [""])[0]
        return firm_slug(request.form.get("firm", "") or request.args.get("firm", "") or of_request)

    def page(self, template: str, *, status: int = 200, slug: str = "", **shown: Any) -> Response:
        """Render a page in the firm's brand, with a mark for its forms."""
        nonce = self._cookies.form_nonce()
        firm = self._firms.find(slug or self.slug())
        bound = self._firms.at(host_name()).passkey_host or self._platform_host
        mark = {"field": FORM_FIELD, "value": self._cookies.form_mark(nonce)}
        response = make_response(render_template(template, firm=firm, mark=mark, passkey_host=bound, **shown), status)
        return self._cookies.keep_nonce(response, nonce)


def wanted_next() -> str:
    """Return where to go after signing in: an authorization request of this very provider, or nothing."""
    wanted = request.values.get("next", "")
    return wanted if wanted.startswith("/oauth/authorize?") else ""


def after_sign_in() -> str:
    """Return where to go with an open session."""
    return wanted_next() or "/auth/login"


def allow_passkeys(response: Response) -> Response:
    """Let the one script of these pages run: it talks to the device's passkeys."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'"
    return response


def status_of(refused: DomainError) -> int:
    """Return the HTTP status of a page that says no."""
    return {"TOO_MANY_ATTEMPTS": 429, "SIGN_IN_BUSY": 503}.get(refused.reason, 400)
