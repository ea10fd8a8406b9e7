"""Hot reads: a Core select compiled once and run straight on asyncpg, inside a read-only transaction with row-level
security.

Two things are left out on purpose, because they cost half of the time: ORM entities and SQLAlchemy's execution layer.
Values arrive as asyncpg decodes them (uuid, datetime, int, str, bytes; JSON as text).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Dialect, Select
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from kontor_chassis.database_errors import translate, unavailable
from kontor_chassis.principal import Principal
from kontor_chassis.row_security import security_settings
from kontor_chassis.sql_spans import statement_span


@dataclass(frozen=True)
class CompiledSelect:
    """A select as PostgreSQL takes it: text with $1 … $n, and for each of them its name and its default."""

    text: str
    parameters: tuple[tuple[str, Any], ...]

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
def compile_select(statement: Select[Any]) -> CompiledSelect:
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

    def __init__(self, url: str, *, service: str, connections: int = 4) -> None:
        self._url = url
        self._service = service
        self._connections = connections
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def rows(
        self, statement: Select[Any], parameters: Mapping[str, Any], *, principal: Principal
    ) -> list[asyncpg.Record]:
        """Return the rows `principal` may see. Raises the errors of `database_errors`, never the driver's."""
        compiled = compile_select(statement)
        arguments = compiled.arguments(parameters)
        begin = _begin(*security_settings(principal))
        try:
            pool = self._pool or await self._open()
            async with pool.acquire() as connection:
                with statement_span(compiled.text):
                    return await _read(connection, begin, compiled.text, arguments)
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
    """Skip asyncpg's reset query: every setting made here ends with its transaction."""


async def _read(connection: Any, begin: str, statement: str, arguments: list[Any]) -> list[asyncpg.Record]:
    """Run the select between `begin` and COMMIT; a connection whose transaction cannot be ended is thrown away."""
    try:
        await connection.execute(begin)  # inside: a caller who goes away here leaves a transaction open, too
        rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
        await connection.execute("COMMIT")
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK")
        raise
    except BaseException:
        connection.terminate()
        raise
    return rows


@lru_cache(maxsize=4096)
def _begin(tenant: str, customer: str, account: str, role: str) -> str:
    """Return one message that opens the transaction; its literals are UUIDs and fixed words (see `row_security`)."""
    return (
        "BEGIN READ ONLY;"
        f" SELECT set_config('kontor.tenant_id', '{tenant}', true),"
        f" set_config('kontor.customer_id', '{customer}', true),"
        f" set_config('kontor.account_id', '{account}', true), set_config('kontor.role', '{role}', true)"
    )
