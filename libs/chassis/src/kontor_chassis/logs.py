"""Structured logs: one JSON object per line, a constant event name, data as fields, ids bound in context.

Personal data has no place in a log. Code logs ids; what slips in all the same (an address in an exception's text, a
token in a library's message) is masked here, by the field's name and by the look of the value.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kontor_chassis.principal import current_principal
from kontor_chassis.telemetry import add_trace

MASK = "[redacted]"

_SENSITIVE_KEYS = re.compile(
    r"(password|passphrase|secret|token|authorization|cookie|bearer|api_key|private_key"
    r"|e_?mail|phone|iban|bic|birth|street|address_line|given_name|family_name|display_name|full_name|recipient)",
    re.IGNORECASE,
)
_SENSITIVE_VALUES = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),  # e-mail address
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),  # IBAN
    re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)*"),  # JSON web token
    re.compile(r"(?<=://)[^/@\s:]+:[^@\s]+(?=@)"),  # password in a URL
    # PostgreSQL's detail, which may quote a whole row, and what its driver or it could not read as a value.
    re.compile(r"(?<=\nDETAIL:  ).*?(?=\n\n(?:The above exception|During handling)|\nHINT:|\Z)", re.DOTALL),
    re.compile(r"(?<=\binvalid input )(?:syntax )?for (?:query argument|type) [^\n]*"),
)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask values that must not be logged; a structlog processor."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if _SENSITIVE_KEYS.search(key):
        return MASK
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return value


def masked(text: str) -> str:
    """Return the text with e-mail addresses, bank accounts, tokens and passwords masked."""
    for pattern in _SENSITIVE_VALUES:
        text = pattern.sub(MASK, text)
    return text


def add_caller(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the ids of the caller on whose behalf the line is written; a structlog processor."""
    caller = current_principal()
    for name, value in (("tenant_id", caller.tenant_id), ("account_id", caller.account_id), ("caller", caller.service)):
        if value is not None:
            event.setdefault(name, str(value))
    return event


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_trace,
    add_caller,
)


def configure_logging(service: str, level: str) -> None:
    """Send this process's logs, the libraries' too, to standard output as JSON lines."""

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    def drop_internal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.pop("_record", None)
        event.pop("_from_structlog", None)
        return event

    finish: list[Processor] = [
        drop_internal,
        name_service,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=finish, foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.INFO))
    for chatty in ("sqlalchemy.engine", "asyncio", "nats.aio.client", "werkzeug"):
        logging.getLogger(chatty).setLevel(max(threshold, logging.WARNING))
