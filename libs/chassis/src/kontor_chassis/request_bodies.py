"""A request's body straight from its socket, for an edge that takes large files, and how long a silent client is borne.

gunicorn's and Werkzeug's own streams copy a body up to six times on its way to the application; that costs more than
encrypting it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol, cast

from flask import Request
from gunicorn.http.body import Body, LengthReader

PIECE_BYTES = 1 << 20


def bound_waits(environ: dict[str, Any], seconds: float) -> None:
    """Let no read and no write on the request's connection wait longer for a byte; a thread waits with each.

    The kernel keeps the time, so a busy connection costs nothing. The bound stays with the connection.
    """
    connection = environ.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        whole = int(seconds)
        bound = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, direction, bound)


class BodyTaker(Protocol):
    """What a body goes to: into the room it offers, or, where the body's length is unknown, in pieces."""

    def room(self) -> memoryview:
        """Return where the next bytes may be put, at least one; asked for only when there are more."""
        ...

    def took(self, count: int) -> None:
        """Hear that so many bytes were put into `room`."""
        ...

    def write(self, piece: bytes) -> object:
        """Take a piece."""
        ...


def receive_body(request: Request, taker: BodyTaker) -> None:
    """Hand the body over, until its announced length or until the client hangs up or stalls.

    What the taker raises, for example because it is too much, leaves the rest unread.
    """
    source = _plain_socket(request.environ)
    if source is None:
        for piece in body_pieces(request):
            taker.write(piece)
        return
    while source.left:
        count = source.read_into(taker.room())
        if not count:
            return
        taker.took(count)


def body_pieces(request: Request) -> Iterator[bytes]:
    """Yield the body in pieces of at most 1 MB, until its announced length or until the client hangs up or stalls.

    A body of unknown length comes through `request.stream`. So does what the caller leaves unread; gunicorn keeps
    count either way.
    """
    source = _plain_socket(request.environ)
    read = request.stream.read if source is None else source.read
    with suppress(BlockingIOError):  # stalled (`bound_waits`)
        while piece := read(PIECE_BYTES):
            yield piece


class _Socket:
    """The connection of a request whose body has a known length, in step with gunicorn's reader of the same body."""

    def __init__(self, connection: socket.socket, reader: LengthReader) -> None:
        self._connection = connection
        self._reader = reader

    @property
    def left(self) -> int:
        """How many bytes are still to come."""
        return cast(int, self._reader.length)

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end; b"" after the last."""
        piece = bytearray(min(size, self.left))
        return bytes(memoryview(piece)[: self.read_into(memoryview(piece))])

    def read_into(self, room: memoryview) -> int:
        """Fill `room`, or less of it at the end; 0 after the last."""
        wanted = room[: self.left]
        if not wanted:
            return 0
        held = self._came_with_the_head(len(wanted))
        wanted[: len(held)] = held
        count = len(held) or self._receive(wanted)
        self._reader.length -= count
        return count

    def _receive(self, wanted: memoryview) -> int:
        try:
            return self._connection.recv_into(wanted, 0, socket.MSG_WAITALL)
        except ConnectionError:  # hung up the rude way
            return 0
        except BlockingIOError:  # stalled (`bound_waits`): nothing more is read, so that gunicorn does not wait either
            self._connection.shutdown(socket.SHUT_RD)
            return 0

    def _came_with_the_head(self, wanted: int) -> bytes:
        held: bytes = self._reader.unreader.take_buffered()
        if len(held) > wanted:
            self._reader.unreader.unread(held[wanted:])
        return held[:wanted]


def _plain_socket(environ: dict[str, Any]) -> _Socket | None:
    connection, body = environ.get("gunicorn.socket"), environ.get("wsgi.input")
    if type(connection) is not socket.socket or not isinstance(body, Body):  # TLS has a socket class of its own
        return None
    if not isinstance(body.reader, LengthReader) or body.buf.tell():
        return None
    return _Socket(connection, body.reader)
