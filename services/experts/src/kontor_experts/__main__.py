"""python -m kontor_experts serve | work | all | migrate | check-config | replay"""

from __future__ import annotations

from kontor_chassis.service import main

from kontor_experts.app import compose
from kontor_experts.config import ExpertsSettings

if __name__ == "__main__":
    main("experts", ExpertsSettings, compose)
