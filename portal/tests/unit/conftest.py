"""A portal whose gateway is nowhere: what it does before and without any call."""

from __future__ import annotations

import base64
import json
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kontor_portal.app import create_app
from kontor_portal.config import PortalSettings

ORIGIN = "http://localhost:8080"


def access_token(*, seconds: int = 600, **claims: object) -> str:
    """Return a token as the cookie holds it; the portal reads its claims and leaves the signature to the gateway."""
    body = {"sub": "018f0000-0000-7000-8000-000000000001", "exp": int(time.time()) + seconds, **claims}
    encoded = base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()
    return f"header.{encoded}.signature"


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return the portal with a gateway address at which nothing listens; it keeps nothing, so one serves all tests."""
    key = tmp_path_factory.mktemp("portal") / "cookie.key"
    key.write_bytes(b"k" * 32)
    settings = PortalSettings(
        environment="test",
        metrics_listen="127.0.0.1:0",
        issuer=ORIGIN,
        http_listen="127.0.0.1:0",
        gateway_address="127.0.0.1:9",
        public_url=ORIGIN,
        cookie_key_file=key,
        support_phone="0800 123 45 67",
        support_hours="Mo–Fr 8–18 Uhr",
    )
    return create_app(settings)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """Return a browser without any cookie."""
    return app.test_client()


@pytest.fixture
def customer(browser: FlaskClient) -> FlaskClient:
    """Return a browser in which a customer is signed in."""
    token = access_token(roles=["CUSTOMER"], cid="018f0000-0000-7000-8000-000000000002", name="Julia Brandt")
    browser.set_cookie("office_access", token)
    return browser
