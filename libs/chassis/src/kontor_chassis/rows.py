"""Hot reads: a Core select compiled once and run straight on asyncpg, read-only and within row-level security.

Three things are left out on purpose, because they cost two thirds of the time: ORM entities, SQLAlchemy's execution
layer, and the messages around the statement. BEGIN, the settings of row-level security, the select and COMMIT go as
one prepared statement (`_within_security`), so a read is one round trip and leaves no state in its session.
Values arrive as asyncpg decodes them (uuid, datetime, int, str, bytes; JSON as text).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Dialect, Select
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from kontor_chassis.clock import Clock
from kontor_chassis.database_errors import translate, unavailable
from kontor_chassis.principal import Principal
from kontor_chassis.row_security import security_settings
from kontor_chassis.sql_spans import statement_span


@dataclass(frozen=True)
class CompiledSelect:
    """A select as PostgreSQL takes it: text with $1 … $n, and for each of them its name and its default."""

    text: str
    parameters: tuple[tuple[str, Any], ...]

    @cached_property
    def secured(self) -> str:
        """The same for a caller whose `security_settings` follow the other arguments."""
        return _within_security(self.text, len(self.parameters))

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the values in order; raises KeyError for an unknown or missing parameter name."""
        unknown = given.keys() - {name for name, _ in self.parameters}
        if unknown:
            raise KeyError(f"no such parameter: {', '.join(sorted(unknown))}")
        return [given[name] if name in given else _present(name, default) for name, default in self.parameters]


_MISSING = object()
_DIALECT: Dialect = dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def _present(name: str, default: Any) -> Any:
    if default is _MISSING:
        raise KeyError(f"missing parameter: {name}")
    return default


@lru_cache(maxsize=512)
def compile_select(statement: Select[*tuple[Any, ...]]) -> CompiledSelect:
    """Compile a select that lives as long as the process (a constant of its module).

    Raises ValueError for `IN` with a list parameter: its text depends on the list's length; use `= ANY(:list)`.
    """
    compiled = statement.compile(dialect=_DIALECT)
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise ValueError("a hot read cannot use IN with a list parameter; write column == any_(bindparam(...))")
    names = compiled.positiontup or []
    required = {bind.key for bind in compiled.bind_names if bind.required}
    return CompiledSelect(
        compiled.string,
        tuple((name, _MISSING if name in required else compiled.params.get(name)) for name in names),
    )


class RowReader:
    """Runs hot reads on its own small pool. Nothing connects before the first read."""

    def __init__(self, url: str, *, service: str, clock: Clock, connections: int = 4) -> None:
        self._url = url
        self._service = service
        self._clock = clock
        self._connections = connections
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def rows(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any], *, principal: Principal
    ) -> list[asyncpg.Record]:
        """Return the rows `principal` may see. Raises the errors of `database_errors`, never the driver's."""
        compiled = compile_select(statement)
        arguments = compiled.arguments(parameters)
        try:
            pool = self._pool or await self._open()
            with statement_span(compiled.text):
                rows: list[asyncpg.Record] = await pool.fetch(
                    compiled.secured, *arguments, *security_settings(principal, self._clock.now())
                )
                return rows
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise translate(error) from error

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._connections,
                    timeout=5,
                    command_timeout=30,
                    reset=_leave_as_is,
                    server_settings={"application_name": f"kontor-{self._service}-reads"},
                )
            if self._pool is None:
                raise unavailable()
            return self._pool


async def _leave_as_is(_connection: Any) -> None:
    """Skip asyncpg's reset query: every setting made here ends with its statement."""


_SECURED = """\
SELECT answer.* FROM
  (SELECT set_config('transaction_read_only', 'on', true) AS read_only,
    set_config('kontor.tenant_id', ${}, true), set_config('kontor.customer_id', ${}, true),
    set_config('kontor.account_id', ${}, true), set_config('kontor.role', ${}, true),
    set_config('kontor.now', ${}, true) OFFSET 0) AS caller
  CROSS JOIN LATERAL (SELECT * FROM ({}) AS wanted WHERE caller.read_only = 'on' OFFSET 0) AS answer"""


def _within_security(select_text: str, parameters: int) -> str:
    """Return one statement that says who is asking and then runs the select, as a transaction of its own.

    The order is certain and does not depend on the plan: the select refers to `caller` (LATERAL), so `caller` is
    computed first, and the condition on it stands before the whole select as a one-time filter; OFFSET 0 keeps both
    from being merged into the outer query. Policies read the settings when the first row of the select is fetched.
    Settings are local, so they are unset when a statement begins: should the order ever fail, nothing is visible.
    """
    numbers = range(parameters + 1, parameters + 6)
    return _SECURED.format(*numbers, select_text)
