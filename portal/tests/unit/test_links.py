"""Where the browser may be sent after signing in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_portal.links import safe_path


@pytest.mark.parametrize("path", ["/kunde", "/kunde/chat/018f?seite=2", "/makler/kunden?suche=M%C3%BCller", "/"])
def test_own_pages_are_kept(path: str) -> None:
    """A page of this origin is where the person wanted to go."""
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "kunde",
        "/\tevil.example",
        "/ evil",
        "/\n/evil.example",
        "/auth/logout",
        "/auth",
        "/auth/refresh?next=/kunde",
    ],
)
def test_everything_else_is_refused(wanted: str | None) -> None:
    """Other origins, what browsers read as other origins, and the sign-in's own addresses (OWASP open redirect)."""
    assert safe_path(wanted, "/kunde") == "/kunde"


@given(st.text(max_size=80))
def test_nothing_leads_to_another_origin(wanted: str) -> None:
    """Whatever is asked for, the answer begins with one slash and holds nothing that browsers drop or turn round."""
    path = safe_path(wanted)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
    assert all(ord(character) > 0x20 for character in path)
