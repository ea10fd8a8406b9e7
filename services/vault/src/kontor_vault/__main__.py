"""python -m kontor_vault serve | work | all | http | migrate | check-config | replay."""

from kontor_chassis.service import main

from kontor_vault.app import compose
from kontor_vault.config import VaultSettings
from kontor_vault.http.app import create_app

main("vault", VaultSettings, compose, http=create_app)
