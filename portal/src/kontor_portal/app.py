"""Composition of the portal: settings → common edge → security → templates → pages. Nothing connects here."""

from __future__ import annotations

from flask import Flask
from kontor_chassis.edge import edge_app

from kontor_portal import requests, templating
from kontor_portal.addresses import IdConverter
from kontor_portal.assets import load_assets
from kontor_portal.config import PortalSettings
from kontor_portal.extension import PortalExtension, install
from kontor_portal.oidc import FlowCookie, OidcClient
from kontor_portal.problems import show_problem
from kontor_portal.views import AREAS


def create_app(settings: PortalSettings | None = None) -> Flask:
    """Return the portal; raises SettingsError with all faults of the environment."""
    settings = settings or PortalSettings.load()
    app = edge_app("portal", settings, "kontor_portal", show_problem=show_problem, static_folder=None)
    key = settings.cookie_key_file.read_bytes()
    install(
        app,
        PortalExtension(
            settings=settings,
            assets=load_assets(),
            oidc=OidcClient(settings.issuer, settings.public_url, settings.gateway_address),
            flows=FlowCookie(key),
            clock=settings.make_clock(),
        ),
    )
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME="office_notice",  # one-time messages after a redirect, nothing else
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookies_are_secure,
        MAX_FORM_MEMORY_SIZE=2_000_000,
    )
    app.url_map.converters["id"] = IdConverter
    requests.install(app)
    templating.install(app)
    for area in AREAS:
        app.register_blueprint(area)
    return app
