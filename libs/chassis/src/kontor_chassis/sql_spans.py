"""One span per SQL statement, without its parameters: those may be personal data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from sqlalchemy import Engine, event

_tracer = trace.get_tracer("kontor.sql")


def trace_statements_of(engine: Engine) -> None:
    """Record a client span around every statement that runs inside a recorded trace."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)
    event.listen(engine, "handle_error", _failed, insert=True)


@contextmanager
def statement_span(statement: str) -> Iterator[None]:
    """The same for statements that do not go through SQLAlchemy."""
    if not trace.get_current_span().is_recording():
        yield
        return
    with _tracer.start_as_current_span(_name(statement), kind=SpanKind.CLIENT, attributes=_attributes(statement)):
        yield


def _name(statement: str) -> str:
    return f"SQL {statement.split(maxsplit=1)[0].upper()}"


def _attributes(statement: str) -> dict[str, str]:
    return {"db.system.name": "postgresql", "db.query.text": statement}


def _before(_c: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    if context is not None and trace.get_current_span().is_recording():
        context.kontor_span = _tracer.start_span(
            _name(statement), kind=SpanKind.CLIENT, attributes=_attributes(statement)
        )


def _after(_c: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    span = getattr(context, "kontor_span", None)
    if span is not None:
        span.end()


def _failed(context: Any) -> None:
    span = getattr(context.execution_context, "kontor_span", None)
    if span is not None:
        span.set_status(Status(StatusCode.ERROR, type(context.original_exception).__name__))
        span.end()
