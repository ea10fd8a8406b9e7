"""python -m kontor_billing serve | work | all | migrate | check-config | replay"""

from __future__ import annotations

from kontor_chassis.service import main

from kontor_billing.app import compose
from kontor_billing.config import BillingSettings

if __name__ == "__main__":
    main("billing", BillingSettings, compose)
