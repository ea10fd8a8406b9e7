"""Logs: JSON lines with a constant event name, and no personal data."""

from __future__ import annotations

import contextvars
import json
import logging
from uuid import uuid4

import pytest
import structlog
from kontor_chassis.logs import MASK, configure_logging, masked
from kontor_chassis.principal import Principal, set_current_principal

pytestmark = pytest.mark.usefixtures("restored_logging")


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one line that was written."""
    line: dict[str, object] = json.loads(capsys.readouterr().out)
    return line


def test_line_has_event_fields_and_service(capsys: pytest.CaptureFixture[str]) -> None:
    """Event name, level, time, service and the given fields."""
    configure_logging("vault", "info")
    structlog.get_logger("x").info("document_stored", document_id="42", size=7)
    line = logged(capsys)
    assert line.pop("timestamp")
    assert line == {"event": "document_stored", "level": "info", "service": "vault", "document_id": "42", "size": 7}


def test_personal_data_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    """By the name of the field and by the look of the value, at any depth."""
    configure_logging("vault", "info")
    structlog.get_logger("x").info(
        "mail_sent",
        recipient="Julia Brandt",
        note="an julia.brandt@mail.example, DE89 3704 0044 0532 0130 00",
        context={"authorization": "Bearer abc", "text": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"},
        url="postgresql://app:geheim@db:5432/kontor",
    )
    line = logged(capsys)
    assert line["recipient"] == MASK
    assert line["note"] == f"an {MASK}, {MASK}"
    assert line["context"] == {"authorization": MASK, "text": MASK}
    assert line["url"] == f"postgresql://{MASK}@db:5432/kontor"


def test_exceptions_and_libraries_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A library logs through the standard module and quotes an address in its exception."""
    configure_logging("vault", "info")
    try:
        raise ValueError("no mailbox for petra.hansen@hansen.example")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", "petra.hansen@hansen.example")
    line = logged(capsys)
    assert line["event"] == f"failed for {MASK}"
    assert "ValueError" in str(line["exception"])
    assert "hansen.example" not in json.dumps(line)


def test_lines_name_the_caller_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    """Whose call a line belongs to is found by id; his name is not there."""
    configure_logging("vault", "info")
    caller = Principal(account_id=uuid4(), tenant_id=uuid4(), display_name="Petra Hansen")

    def log() -> None:
        set_current_principal(caller)
        structlog.get_logger("x").info("document_stored")

    contextvars.copy_context().run(log)
    line = logged(capsys)
    assert (line["account_id"], line["tenant_id"]) == (str(caller.account_id), str(caller.tenant_id))
    assert "Petra" not in json.dumps(line)


def test_threshold_applies(capsys: pytest.CaptureFixture[str]) -> None:
    """What is below the level is not written."""
    configure_logging("vault", "warning")
    structlog.get_logger("x").info("not_written")
    logging.getLogger("x").info("nor this")
    assert capsys.readouterr().out == ""


def test_identifiers_stay_readable() -> None:
    """Ids, hashes and times are what logs are for."""
    text = "0192c5a0-0000-7000-8000-000000000001 2026-07-31T12:00:00Z VS-NR 123456789 sha256:9f86d081884c7d65"
    assert masked(text) == text
