"""What the database refused, as types a use case can catch; driver exceptions never leave the data layer.

A use case that expects a violation runs the statement in `async with tx.session.begin_nested()` and catches, for
example, `UniqueError` by constraint name. What nobody catches reaches the caller as INTERNAL; what a caller can
simply try again is a `DomainError` from the start.
"""

from __future__ import annotations

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from kontor_chassis.errors import DomainError, ErrorKind


class DatabaseError(Exception):
    """The database failed in a way no caller can mend; `sqlstate` is PostgreSQL's code, empty when unknown."""

    def __init__(self, sqlstate: str, text: str) -> None:
        super().__init__(f"{sqlstate or 'database'}: {text}")
        self.sqlstate = sqlstate


class ConstraintError(DatabaseError):
    """A row broke the named constraint."""

    def __init__(self, sqlstate: str, text: str, constraint: str) -> None:
        super().__init__(sqlstate, text)
        self.constraint = constraint


class UniqueError(ConstraintError):
    """Such a row exists already."""


class ForeignKeyError(ConstraintError):
    """The row refers to one that does not exist, or others still refer to it."""


class CheckError(ConstraintError):
    """The row breaks a check constraint."""


class NotNullError(ConstraintError):
    """A required column is empty; the constraint is the column's name."""


class ExclusionError(ConstraintError):
    """The row overlaps another."""


class RowSecurityError(DatabaseError):
    """The row belongs to somebody else, or the application role lacks the privilege."""


_CONSTRAINTS: dict[str, type[ConstraintError]] = {
    "23505": UniqueError,
    "23503": ForeignKeyError,
    "23514": CheckError,
    "23502": NotNullError,
    "23P01": ExclusionError,
}
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
_NOT_TEXT = frozenset({"22021", "22P05"})  # a character that no text or no JSON can hold: U+0000
_AWAY_CLASSES = ("08", "53", "57P")  # connection exceptions, insufficient resources, shutdown


def unavailable() -> DomainError:
    """Return the refusal for a database that cannot be reached at the moment."""
    return DomainError(
        ErrorKind.UNAVAILABLE,
        "DATABASE_UNAVAILABLE",
        "Der Dienst ist gerade nicht erreichbar. Bitte versuchen Sie es in wenigen Augenblicken erneut.",
    )


def concurrent_change() -> DomainError:
    """Return the refusal for a write that lost against another at the same time."""
    return DomainError(
        ErrorKind.CONFLICT,
        "CONCURRENT_CHANGE",
        "Die Daten wurden gerade an anderer Stelle geändert. Bitte versuchen Sie es noch einmal.",
    )


def not_storable() -> DomainError:
    """Return the refusal for a text that the database cannot hold, in whatever field it came."""
    return DomainError(ErrorKind.INVALID, "TEXT_NOT_STORABLE", "Der Text enthält ein Zeichen, das nicht erlaubt ist.")


def translate(error: BaseException) -> Exception:
    """Return the typed error for an exception of asyncpg or of SQLAlchemy's wrapper around it."""
    state = str(getattr(error, "sqlstate", None) or "")
    text = str(getattr(error, "message", None) or type(error).__name__)
    if state in _CONSTRAINTS:
        name = getattr(error, "constraint_name", None) or getattr(error, "column_name", None) or ""
        return _CONSTRAINTS[state](state, text, str(name))
    if state in _TRY_AGAIN:
        return concurrent_change()
    if state in _NOT_TEXT:
        return not_storable()
    if state == "42501":
        return RowSecurityError(state, text)
    if state.startswith(_AWAY_CLASSES) or isinstance(error, OSError | TimeoutError | PoolTimeoutError):
        return unavailable()
    return DatabaseError(state, text)


def translate_errors_of(engine: Engine) -> None:
    """Make the engine raise typed errors instead of the driver's."""

    @event.listens_for(engine, "handle_error")
    def replace(context: ExceptionContext) -> None:
        original: BaseException = context.original_exception
        if not isinstance(original, Exception):
            return  # a task that was cancelled while it waited must end, not fail
        driver = getattr(original, "__cause__", None) or original
        translated = translate(driver)
        if isinstance(translated, DatabaseError) and not translated.sqlstate and context.is_disconnect:
            translated = unavailable()
        raise translated from original
