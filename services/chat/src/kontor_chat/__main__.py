"""python -m kontor_chat serve | work | all | migrate | check-config | replay"""

from __future__ import annotations

from kontor_chassis.service import main

from kontor_chat.app import compose
from kontor_chat.config import ChatSettings

if __name__ == "__main__":
    main("chat", ChatSettings, compose)
