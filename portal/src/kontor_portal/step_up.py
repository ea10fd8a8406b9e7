"""Sending a person to prove more than he did: a fresh login, a second factor, who he is; and back to where he was.

The platform refuses with "FRESH_LOGIN_REQUIRED" or "STRONGER_LOGIN_REQUIRED" and says in the metadata what to ask the
provider for (RFC 9470). Pages on which something is typed in ask before they are shown, so that nothing is lost.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from flask import redirect, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1.account_security_pb2 import AccountSecurity
from kontor_chassis.clock import SystemClock
from kontor_chassis.edge import Problem
from kontor_chassis.login_strength import FRESH_LOGIN_REQUIRED, IDENTITY_LEVEL_REQUIRED, STRONGER_LOGIN_REQUIRED

from kontor_portal.extension import portal
from kontor_portal.links import safe_path
from kontor_portal.session import Session

FRESH_SECONDS: Final = 180
"""A page whose form needs a login of the last five minutes leaves two of them to fill it in."""
IDENTITY_PAGE: Final = "/kunde/identitaet"
"""Where a customer proves who he is (F164)."""
_STRONG: Final = "2"
_CLOCK: Final = SystemClock()


def asks_for_more(problem: Problem) -> bool:
    """Whether a refusal can be answered by proving more."""
    return problem.reason in (FRESH_LOGIN_REQUIRED, STRONGER_LOGIN_REQUIRED, IDENTITY_LEVEL_REQUIRED)


def to_prove_more(problem: Problem) -> ResponseReturnValue:
    """Send the person to prove what a refusal asks for; a form that was sent has to be sent again."""
    if problem.reason == IDENTITY_LEVEL_REQUIRED:
        return redirect(f"{IDENTITY_PAGE}?{urlencode({'next': _here()}, quote_via=quote)}", 303)
    return _to_login({name: problem.metadata[name] for name in ("max_age", "acr_values") if name in problem.metadata})


def before_a_change(session: Session, security: AccountSecurity) -> ResponseReturnValue | None:
    """Send the person to sign in again before a page of changes, unless he just did; strongly where he can."""
    wanted = {}
    if _CLOCK.now().timestamp() - session.signed_in_at > FRESH_SECONDS:
        wanted["max_age"] = str(FRESH_SECONDS)
    if session.level < 2 and (security.totp_enabled or security.passkey_count):
        wanted["acr_values"] = _STRONG
    return _to_login(wanted) if wanted else None


def _to_login(wanted: dict[str, str]) -> ResponseReturnValue:
    query = urlencode({"next": _here(), **wanted}, quote_via=quote)
    return redirect(f"/auth/login?{query}", 303)


def _here() -> str:
    """Return the page to come back to: this one, or the one whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.headers.get("Referer", ""))
    if f"{came_from.scheme}://{came_from.netloc}" != portal().settings.public_url:
        return "/konto/sicherheit"
    return safe_path(came_from.path, "/konto/sicherheit")
