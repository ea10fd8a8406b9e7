"""What happens around every RPC: authentication, authorization, validation, errors, idempotent replay, telemetry.

All of it is composed once per method when the server is built (`pipeline`), not looked up per call.
"""

from kontor_chassis.interceptors.pipeline import Pipeline, UndeclaredAccessError

__all__ = ["Pipeline", "UndeclaredAccessError"]
