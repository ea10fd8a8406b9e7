"""How a service is started: `main` is the whole of its `__main__.py`.

    python -m kontor_vault serve | work | all | http | migrate | check-config | replay [PRODUCER]

`serve` answers calls, `work` relays and consumes events and runs jobs, `all` does both in one event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import grpc
import structlog
import uvloop

from kontor_chassis.logs import configure_logging
from kontor_chassis.process import Compose, Definition, Platform, Process, Service
from kontor_chassis.server import Servicer, servicer, servicer_of
from kontor_chassis.settings import ServiceSettings, SettingsError
from kontor_chassis.telemetry import configure_tracing

__all__ = ["Command", "Context", "Platform", "Service", "Servicer", "main", "servicer", "servicer_of"]

Context = grpc.aio.ServicerContext[Any, Any]
"""The second parameter of every RPC method."""

S = TypeVar("S", bound=ServiceSettings)
Command = Callable[[S, Platform, Sequence[str]], Awaitable[None]]
"""A command of a service's own: settings, platform (connected, serving nothing) and the remaining arguments."""

_MODES = {"serve": (True, False), "work": (False, True), "all": (True, True)}
_EXIT_CONFIGURATION = 2

log = structlog.get_logger(__name__)


def main(
    name: str,
    settings: type[S],
    compose: Compose[S],
    *,
    has_edge: bool = False,
    commands: Mapping[str, Command[S]] | None = None,
) -> None:
    """Run the command line of service `name`; exits with 2 and all faults when the configuration cannot be used.

    One with an edge goes through `command_line.run`; `has_edge` only lists the edge's command.
    """
    arguments = _parse(name, has_edge=has_edge, own=list(commands or {}))
    try:
        loaded = settings.load()
        if arguments.command == "check-config":
            sys.stdout.write("configuration is complete\n")
            return
        configure_logging(name, loaded.log_level)
        _run(Definition(name, settings, compose), loaded, arguments, commands or {})
    except SettingsError as error:
        sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
        sys.exit(_EXIT_CONFIGURATION)


def _parse(name: str, *, has_edge: bool, own: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m kontor_{name}")
    commands = [*_MODES, *(["http"] if has_edge else []), "migrate", "check-config", "replay", *own]
    parser.add_argument("command", choices=commands)
    parser.add_argument("rest", nargs="*", help="producer whose dead letters to `replay` (none: all)")
    return parser.parse_args()


def _run(
    definition: Definition[S], settings: S, arguments: argparse.Namespace, commands: Mapping[str, Command[S]]
) -> None:
    if arguments.command == "migrate":
        from kontor_chassis import schema  # Alembic, which nothing else needs

        schema.migrate(settings.migration_dsn(), _package_folder(definition.name) / "migrations")
        return
    flush = configure_tracing(definition.name, settings.environment, settings.otlp_endpoint)
    process = Process(definition, settings)
    rest: list[str] = arguments.rest
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if arguments.command in _MODES:
                serve, work = _MODES[arguments.command]
                runner.run(_until_stopped(process, serve=serve, work=work))
            elif arguments.command == "replay":
                runner.run(_replay(process, rest[0] if rest else None))
            else:
                runner.run(_own_command(process, settings, commands[arguments.command], rest))
    finally:
        flush()


async def _until_stopped(process: Process[S], *, serve: bool, work: bool) -> None:
    """Start, run until SIGTERM or SIGINT, stop. A signal while still starting ends that at once."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    stopping = asyncio.ensure_future(asked.wait())
    starting = asyncio.ensure_future(process.start(serve=serve, work=work))
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
        return
    starting.result()
    log.info("process_ready", serve=serve, work=work)
    await stopping
    log.info("process_stopping")
    await process.stop()
    log.info("process_stopped")


async def _own_command(process: Process[S], settings: S, command: Command[S], rest: Sequence[str]) -> None:
    await process.start(serve=False, work=False)
    try:
        await command(settings, process.platform, rest)
    finally:
        await process.stop()


async def _replay(process: Process[S], source: str | None) -> None:
    await process.start(serve=False, work=False)
    try:
        result = await process.worker.replay(source)
    finally:
        await process.stop()
    sys.stdout.write(f"{result}\n")


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(f"kontor_{name}")
    if spec is None or spec.origin is None:
        raise LookupError(f"there is no package kontor_{name}")
    return Path(spec.origin).parent
