"""A clamd that speaks INSTREAM as its manual says and knows one signature: EICAR's test file."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"
"""EICAR's test file, put together here so that no scanner takes this module for it."""
STREAM_MAX_LENGTH = 5 << 20


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        if self._command() != b"zINSTREAM":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while size := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(size)
            if len(content) > STREAM_MAX_LENGTH:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.wfile.write(b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0")

    def _command(self) -> bytes:
        command = b""
        while (byte := self.rfile.read(1)) not in {b"", b"\0"}:
            command += byte
        return command


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def clamd(port: int) -> Iterator[None]:
    """Serve on a port of this machine."""
    with _Server(("127.0.0.1", port), _Session) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
