"""gunicorn as a library: one worker process with threads, its metrics on the side port, its logs ours."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from kontor_chassis.settings import EdgeSettings
from kontor_chassis.telemetry import configure_tracing

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat file; memory, so a read-only root file system works


class _Logs(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Leaves gunicorn's messages to our own handler; requests are logged by the gateway."""

    def setup(self, cfg: Any) -> None:
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.getLogger().level)
        self.access_log.disabled = True


class _Quiet(WSGIRequestHandler):
    """Does not log probes and scrapes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Set the options; nothing is read from files or arguments."""
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        """Return the application."""
        return self._app


def run_gunicorn(app: Flask, name: str, settings: EdgeSettings) -> None:
    """Serve `app` until SIGTERM, then finish the requests in hand."""

    def worker_started(worker: Any) -> None:
        configure_tracing(name, settings.environment, settings.otlp_endpoint)
        _serve_side_port(settings.metrics_listen, ready=lambda: bool(worker.alive))  # until SIGTERM

    options = {
        "bind": settings.http_listen,
        "umask": 0o077,  # of a Unix socket: gunicorn's own would let everybody on the machine in
        "workers": 1,  # more load means more replicas; metrics stay those of one process
        "worker_class": "gthread",
        "threads": settings.http_threads,
        "keepalive": 75,
        "graceful_timeout": 25,
        "timeout": 60,
        "proc_name": f"kontor-{name}",
        "logger_class": _Logs,
        "post_worker_init": worker_started,
        "control_socket_disable": True,
    }
    if _SHARED_MEMORY.is_dir():
        options["worker_tmp_dir"] = str(_SHARED_MEMORY)
    _Gunicorn(app, options).run()


def _serve_side_port(address: str, ready: Callable[[], bool]) -> None:
    host, _, port = address.rpartition(":")
    server = make_server(host, int(port), _side_port(ready), threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, name="side-port", daemon=True).start()


def _side_port(ready: Callable[[], bool]) -> Any:
    @Request.application
    def pages(request: Request) -> Response:
        if request.path == "/metrics":
            return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
        if request.path == "/healthz":
            return Response("ok\n")
        if request.path == "/readyz":
            return Response("ok\n") if ready() else Response("not ready: not accepting\n", status=503)
        return Response("not found\n", status=404)

    return pages
