"""What the portal keeps for the life of the process: settings, static files, the OpenID client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from flask import Flask, current_app
from kontor_chassis.clock import Clock

from kontor_portal.assets import Assets
from kontor_portal.config import PortalSettings
from kontor_portal.oidc import FlowCookie, OidcClient

_NAME: Final = "kontor_portal"


@dataclass(frozen=True)
class PortalExtension:
    """The parts that views use."""

    settings: PortalSettings
    assets: Assets
    oidc: OidcClient
    flows: FlowCookie
    clock: Clock
    """The installation's; whether a token has expired is asked of the machine's clock instead."""


def install(app: Flask, extension: PortalExtension) -> None:
    """Hand the parts to the application."""
    app.extensions[_NAME] = extension


def portal() -> PortalExtension:
    """Return the parts of the application that is handling the request."""
    return cast(PortalExtension, current_app.extensions[_NAME])
