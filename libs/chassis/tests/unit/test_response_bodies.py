"""An answer's body into its socket, past gunicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from kontor_chassis.request_bodies import bound_waits
from kontor_chassis.response_bodies import straight


def one_buffer() -> Iterator[memoryview]:
    """Return three pieces that lie in the same place, one after the other."""
    buffer = bytearray(4)
    for piece in (b"one ", b"two ", b"four"):
        buffer[:] = piece
        yield memoryview(buffer)


def test_pieces_are_sent_before_the_next_is_made() -> None:
    """gunicorn gets one empty piece, with which it sends the head."""
    client, ours = socket.socketpair()
    with closing(client), closing(ours):
        assert list(straight({"gunicorn.socket": ours}, one_buffer())) == [b""]
        assert client.recv(100) == b"one two four"


def broken() -> Iterator[memoryview]:
    """Fail before the first piece."""
    raise LookupError
    yield memoryview(b"")


def test_failure_before_the_first_piece_can_still_be_told() -> None:
    """Neither head nor body has left by then."""
    client, ours = socket.socketpair()
    with closing(client), closing(ours):
        with pytest.raises(LookupError):
            next(straight({"gunicorn.socket": ours}, broken()))
        ours.close()
        assert client.recv(1) == b""


def test_elsewhere_each_piece_is_a_copy() -> None:
    """Under a server that is not gunicorn the body goes the ordinary way."""
    assert list(straight({}, one_buffer())) == [b"one ", b"two ", b"four"]


def test_client_that_takes_nothing_is_given_up() -> None:
    """The bound of the connection holds here as well, and the source of the pieces is let go."""
    client, ours = socket.socketpair()
    with closing(client), closing(ours):
        environ = {"gunicorn.socket": ours}
        bound_waits(environ, 0.2)
        body = straight(environ, iter([memoryview(bytes(8 << 20))]))
        assert next(body) == b""
        with pytest.raises(BlockingIOError):
            next(body)
