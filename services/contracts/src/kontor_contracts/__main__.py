"""python -m kontor_contracts serve | work | all | migrate | check-config | replay"""

from __future__ import annotations

from kontor_chassis.service import main

from kontor_contracts.app import compose
from kontor_contracts.config import ContractsSettings

if __name__ == "__main__":
    main("contracts", ContractsSettings, compose)
