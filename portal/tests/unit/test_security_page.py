"""What everybody reads about security, and that pages keep it: nothing is loaded from, or told to, anybody else."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from flask.testing import FlaskClient
from kontor_portal.requests import CONTENT_SECURITY_POLICY

from .conftest import ORIGIN
from .sentences import templates, walk

_LOADED = re.compile(
    r"""(?:<(?:script|img|iframe|link|source|video|audio|object|embed)\b[^>]*?(?:src|href|data)|url|import|fetch)"""
    r"""\s*(?:=|\(|\s)\s*["'(]?\s*(?:https?:)?//[a-z0-9]""",
    re.IGNORECASE,
)
_BEACON = re.compile(r"sendBeacon|google-analytics|googletagmanager|matomo|facebook|doubleclick|hotjar", re.IGNORECASE)


def test_everybody_reads_how_data_are_kept(browser: FlaskClient) -> None:
    """F93, F96, F97, F98: without signing in, in both languages, linked from every public page."""
    page = browser.get("/sicherheit")
    assert page.status_code == 200
    assert "werten Ihre Daten nicht aus, verkaufen sie nicht und richten keine Werbung nach ihnen" in page.text
    assert "trennt die Betriebe" in page.text
    assert 'href="/sicherheit"' in browser.get("/").text
    browser.post("/sprache", data={"language": "en", "next": "/sicherheit"}, headers={"Origin": ORIGIN})
    assert "do not exploit your data" in browser.get("/sicherheit").text


def test_a_visitor_is_not_marked(browser: FlaskClient) -> None:
    """F93: who only reads gets no cookie, so that nobody can be counted or known again."""
    for path in ("/", "/sicherheit", "/registrieren"):
        assert browser.get(path).headers.getlist("Set-Cookie") == []


def test_pages_may_load_only_their_own(browser: FlaskClient) -> None:
    """F93, F97: the browser itself refuses scripts, pictures and connections of others, and scripts within pages."""
    policy = browser.get("/sicherheit").headers["Content-Security-Policy"]
    assert policy == CONTENT_SECURITY_POLICY
    allowed = {source for rule in policy.split("; ") for source in rule.split()[1:]}
    assert allowed <= {"'none'", "'self'", "data:", "blob:"}
    assert "'unsafe-inline'" not in policy


@pytest.mark.parametrize("ending", [".js", ".css", ".html"])
def test_nothing_is_loaded_from_others(ending: str) -> None:
    """F93: no template, script or style names another server to load from, or to tell about visitors."""
    root = files("kontor_portal")
    sources = templates() if ending == ".html" else list(walk(root / "static", ending))
    assert sources
    named = {
        source.name: found.group()
        for source in sources
        for pattern in (_LOADED, _BEACON)
        if (found := pattern.search(source.read_text(encoding="utf-8")))
    }
    assert named == {}
