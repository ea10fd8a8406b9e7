"""python -m kontor_vault serve | work | all | http | migrate | check-config | replay | verify-ledger [CUSTOMER …] |
rewrap-keys | read-texts | erase-customer FIRM CUSTOMER | list-erasures [FIRM …] | import-archive FIRM CUSTOMER FILE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontor_chassis.command_line import run

if TYPE_CHECKING:
    from flask import Flask


def _service() -> None:
    from kontor_chassis.service import main

    from kontor_vault.app import compose
    from kontor_vault.commands import COMMANDS
    from kontor_vault.config import VaultSettings

    main("vault", VaultSettings, compose, has_edge=True, commands=COMMANDS)


def _edge() -> Flask:
    from kontor_vault.http.app import create_app

    return create_app()


run(_service, _edge)
