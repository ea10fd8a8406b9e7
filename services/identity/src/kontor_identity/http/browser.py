"""What the edge keeps in the visitor's browser: his session's id, signed, and the mark that his forms are ours.

The session itself is in the service; the cookie only names it. No script can read either (HttpOnly).
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit
from uuid import UUID

import grpc
from flask import Response, g, request
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from kontor.identity.v1 import signin_pb2 as pb
from kontor_chassis.errors import ErrorKind

from kontor_identity.http.calls import refusal_in, sign_in_service

SESSION_COOKIE = "office_browser"
FORM_COOKIE = "office_form"
FIRM_COOKIE = "office_firm"
FORM_FIELD = "form_mark"
_FORM_SECONDS = 4 * 3600
DEVICE_COOKIE = "office_device"
"""A secret by which accounts know this browser (see `kontor_identity.devices`); it opens nothing by itself."""
STEP_COOKIE = "office_step"
"""The ticket of a sign-in that waits for one more step."""
_DEVICE_SECONDS = 365 * 24 * 3600
_STEP_SECONDS = 600
_DEVICE = re.compile(r"[A-Za-z0-9_-]{32,64}")
_FIRM = re.compile(r"[a-z][a-z0-9-]{1,39}")


class Cookies:
    """Signs and reads the edge's cookies; `secure` wherever the public origin is https."""

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._sessions = URLSafeSerializer(key, salt="kontor.browser-session")
        self._forms = URLSafeTimedSerializer(key, salt="kontor.form")
        self._secure = secure

    def session_id(self) -> str:
        """Return the id of the browser's session, "" when there is none."""
        try:
            return str(UUID(self._sessions.loads(request.cookies.get(SESSION_COOKIE, ""))))
        except (BadData, ValueError, TypeError, AttributeError):
            return ""

    def remember(self, response: Response, session_id: str) -> Response:
        """Put the session into the browser until it is closed."""
        self._set(response, SESSION_COOKIE, self._sessions.dumps(session_id))
        return response

    def forget(self, response: Response) -> Response:
        """Take the session out of the browser."""
        response.delete_cookie(SESSION_COOKIE, path="/", secure=self._secure, httponly=True, samesite="Lax")
        return response

    def device_token(self) -> str:
        """Return this browser's secret, made anew where it is missing; the same one throughout a request."""
        if "device_token" not in g:
            kept = request.cookies.get(DEVICE_COOKIE, "")
            g.device_token = kept if _DEVICE.fullmatch(kept) else secrets.token_urlsafe(32)
        token: str = g.device_token
        return token

    def keep_device(self, response: Response) -> Response:
        """Put the secret into the browser, once an account knows it."""
        self._set(response, DEVICE_COOKIE, self.device_token(), seconds=_DEVICE_SECONDS)
        return response

    def ticket(self) -> str:
        """Return the ticket of a sign-in under way, "" when there is none."""
        return request.cookies.get(STEP_COOKIE, "")[:200]

    def keep_ticket(self, response: Response, ticket: str) -> Response:
        """Put a ticket into the browser."""
        self._set(response, STEP_COOKIE, ticket, seconds=_STEP_SECONDS)
        return response

    def forget_ticket(self, response: Response) -> Response:
        """Take a ticket out of the browser."""
        response.delete_cookie(STEP_COOKIE, path="/", secure=self._secure, httponly=True, samesite="Lax")
        return response

    def form_nonce(self) -> str:
        """Return what binds forms to this browser, made anew where it is missing."""
        return request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(18)

    def form_mark(self, nonce: str) -> str:
        """Return the mark for a form's hidden field."""
        return self._forms.dumps(nonce)

    def keep_nonce(self, response: Response, nonce: str) -> Response:
        """Put the nonce into the browser."""
        if request.cookies.get(FORM_COOKIE) != nonce:
            self._set(response, FORM_COOKIE, nonce)
        return response

    def form_is_ours(self) -> bool:
        """Whether the form that was sent came from a page of ours in this browser, at most four hours ago."""
        try:
            marked = self._forms.loads(request.form.get(FORM_FIELD, ""), max_age=_FORM_SECONDS)
        except BadData:
            return False
        nonce = request.cookies.get(FORM_COOKIE, "")
        return bool(nonce) and secrets.compare_digest(str(marked).encode(), nonce.encode())

    def _set(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        response.set_cookie(name, value, path="/", max_age=seconds, secure=self._secure, httponly=True, samesite="Lax")


def open_session(cookies: Cookies) -> pb.BrowserSession | None:
    """Return the browser's session while it is open."""
    session_id = cookies.session_id()
    if not session_id:
        return None
    try:
        return sign_in_service().GetBrowserSession(pb.GetBrowserSessionRequest(session_id=session_id))
    except grpc.RpcError as error:
        if refusal_in(error).kind is not ErrorKind.UNAUTHENTICATED:
            raise
        return None


def firm_slug(given: str = "") -> str:
    """Return the firm whose brand the page bears: named in the request, else the one the browser remembers."""
    for slug in (given, request.args.get("firm", ""), request.cookies.get(FIRM_COOKIE, "")):
        if _FIRM.fullmatch(slug):
            return slug
    return ""


def host_name() -> str:
    """Return the host name under which the page was asked for, without its port, in lower case."""
    return (urlsplit(f"//{request.host}").hostname or "").lower()


def visitor_address() -> str:
    """Return the visitor's network address, as the gateway forwarded it."""
    return (request.remote_addr or "")[:60]
