"""The portal's cookies, each set and cleared in one place. All are SameSite=Lax and Secure wherever there is https."""

from __future__ import annotations

from typing import Final

from werkzeug.wrappers import Response

from kontor_portal.extension import portal
from kontor_portal.firms import Person
from kontor_portal.i18n import LANGUAGE_COOKIE
from kontor_portal.oidc import FLOW_COOKIE, FLOW_SECONDS, Tokens
from kontor_portal.session import ACCESS_COOKIE, FIRM_COOKIE, PERSON_COOKIE, REFRESH_COOKIE, THEME_COOKIE, THEMES

_YEAR: Final = 365 * 24 * 3600
_AUTH_PATH: Final = "/auth"


def set_tokens(response: Response, tokens: Tokens) -> None:
    """Keep the tokens where no script can read them; the refresh token only travels to the sign-in's own addresses."""
    _set(response, ACCESS_COOKIE, tokens.access)
    _set(response, REFRESH_COOKIE, tokens.refresh, path=_AUTH_PATH)


def set_view(response: Response, access_token: str) -> None:
    """Let the browser act with the token of a view as a customer; the person's own refresh token stays for the end."""
    _set(response, ACCESS_COOKIE, access_token)


def set_person(response: Response, person: Person) -> None:
    """Keep how pages look and speak for this person: his firm's brand, and “Sie” or “Du”."""
    _set(response, FIRM_COOKIE, person.firm_slug, seconds=_YEAR)
    form, firm = "du" if person.is_informal else "sie", "expert" if person.is_expert_firm else "broker"
    _set(response, PERSON_COOKIE, f"{form}-{firm}")


def clear_session(response: Response) -> None:
    """Forget who was signed in; the firm's brand stays."""
    for name, path in ((ACCESS_COOKIE, "/"), (REFRESH_COOKIE, _AUTH_PATH), (PERSON_COOKIE, "/")):
        response.delete_cookie(name, path=path)


def set_flow(response: Response, value: str) -> None:
    """Keep a sign-in under way."""
    _set(response, FLOW_COOKIE, value, path=_AUTH_PATH, seconds=FLOW_SECONDS)


def clear_flow(response: Response) -> None:
    """Forget a sign-in that is over."""
    response.delete_cookie(FLOW_COOKIE, path=_AUTH_PATH)


def set_language(response: Response, language: str) -> None:
    """Keep the language that the person chose."""
    _set(response, LANGUAGE_COOKIE, language, seconds=_YEAR)


def set_theme(response: Response, theme: str) -> None:
    """Keep whether the person wants light or dark pages; his device decides when he chose neither."""
    if theme in THEMES:
        _set(response, THEME_COOKIE, theme, seconds=_YEAR)
    else:
        response.delete_cookie(THEME_COOKIE)


def set_firm(response: Response, slug: str) -> None:
    """Keep the firm whose landing page the visitor came by."""
    _set(response, FIRM_COOKIE, slug, seconds=_YEAR)


def _set(response: Response, name: str, value: str, *, path: str = "/", seconds: int | None = None) -> None:
    secure = portal().settings.cookies_are_secure
    response.set_cookie(name, value, path=path, max_age=seconds, httponly=True, samesite="Lax", secure=secure)
