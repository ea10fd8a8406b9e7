"""python -m kontor_identity serve | work | all | http | migrate | check-config | replay | bootstrap-operator |
rotate-signing-key"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontor_chassis.command_line import run

if TYPE_CHECKING:
    from flask import Flask


def _service() -> None:
    from kontor_chassis.service import main

    from kontor_identity.app import compose
    from kontor_identity.commands import bootstrap_operator, rotate_signing_key
    from kontor_identity.config import IdentitySettings

    commands = {"bootstrap-operator": bootstrap_operator, "rotate-signing-key": rotate_signing_key}
    main("identity", IdentitySettings, compose, has_edge=True, commands=commands)


def _edge() -> Flask:
    from kontor_identity.http.app import create_app

    return create_app()


if __name__ == "__main__":
    run(_service, _edge)
