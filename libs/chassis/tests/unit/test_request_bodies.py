"""A request's body from its socket: in step with gunicorn, whatever the client does."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from flask import Request
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader
from kontor_chassis.request_bodies import body_pieces, bound_waits, receive_body
from werkzeug.test import EnvironBuilder

CAME_WITH_THE_HEAD = b"0123"


@pytest.fixture
def tcp_line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: the client's end and ours."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    with closing(client), closing(ours):
        yield client, ours


@pytest.fixture(params=["tcp", "unix"])
def line(
    request: pytest.FixtureRequest, tcp_line: tuple[socket.socket, socket.socket]
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The same over TCP and within one machine."""
    client, ours = tcp_line if request.param == "tcp" else socket.socketpair()
    with closing(client), closing(ours):
        yield client, ours


def received(ours: socket.socket, length: int) -> Request:
    """Return the request as gunicorn hands it over, having read a little of the body with the head."""
    unreader = SocketUnreader(ours)
    unreader.unread(CAME_WITH_THE_HEAD)
    environ = EnvironBuilder(method="PUT").get_environ()
    body = Body(LengthReader(unreader, length))
    return Request({**environ, "CONTENT_LENGTH": str(length), "gunicorn.socket": ours, "wsgi.input": body})


class Page:
    """Takes a body, a few bytes at a time, and raises when there is no more room."""

    def __init__(self, size: int = 100) -> None:
        self.text = bytearray(size)
        self.filled = 0

    def room(self) -> memoryview:
        """Offer at most four bytes."""
        if self.filled == len(self.text):
            raise OverflowError
        return memoryview(self.text)[self.filled : self.filled + 4]

    def took(self, count: int) -> None:
        """Count them."""
        self.filled += count

    def write(self, piece: bytes) -> None:
        """Take a piece of a body of unknown length."""
        self.text[self.filled : self.filled + len(piece)] = piece
        self.filled += len(piece)

    def read(self) -> bytes:
        """Return what came."""
        return bytes(self.text[: self.filled])


def test_body_goes_where_there_is_room_for_it(line: tuple[socket.socket, socket.socket]) -> None:
    """Without a copy in between; what was pipelined behind it belongs to the next request."""
    client, ours = line
    client.sendall(b"456789GET /next")
    request, page = received(ours, 10), Page()
    receive_body(request, page)
    assert page.read() == b"0123456789"
    assert request.environ["wsgi.input"].reader.length == 0
    assert ours.recv(100) == b"GET /next"


def test_refusal_of_a_body_leaves_the_rest_to_gunicorn(line: tuple[socket.socket, socket.socket]) -> None:
    """It knows how much of the body nobody has read."""
    client, ours = line
    client.sendall(b"456789")
    request, page = received(ours, 10), Page(6)
    with pytest.raises(OverflowError):
        receive_body(request, page)
    assert (page.read(), request.environ["wsgi.input"].reader.length) == (b"012345", 4)


@pytest.mark.parametrize("stalls", [False, True])
def test_body_that_breaks_off_is_short(line: tuple[socket.socket, socket.socket], stalls: bool) -> None:
    """Whether the client hangs up or only sends nothing more."""
    client, ours = line
    client.sendall(b"45")
    request, page = received(ours, 1000), Page()
    if stalls:
        bound_waits(request.environ, 0.2)
    else:
        client.close()
    receive_body(request, page)
    assert page.read() == b"012345"


def test_body_of_unknown_length_comes_in_pieces() -> None:
    """Whatever serves the request has taken it apart."""
    page = Page()
    receive_body(Request(EnvironBuilder(method="PUT", data=b"in pieces").get_environ()), page)
    assert page.read() == b"in pieces"


def test_body_ends_where_it_was_announced_to(line: tuple[socket.socket, socket.socket]) -> None:
    """What was pipelined behind it belongs to the next request."""
    client, ours = line
    client.sendall(b"456789GET /next")
    request = received(ours, 10)
    assert b"".join(body_pieces(request)) == b"0123456789"
    assert request.environ["wsgi.input"].reader.length == 0
    assert ours.recv(100) == b"GET /next"


def test_what_came_with_the_head_may_be_more_than_the_body(line: tuple[socket.socket, socket.socket]) -> None:
    """Small requests in one packet: the rest stays with gunicorn."""
    request = received(line[1], 3)
    assert b"".join(body_pieces(request)) == b"012"
    assert request.environ["wsgi.input"].reader.unreader.take_buffered() == b"3"


@pytest.mark.parametrize("rudely", [False, True])
def test_client_that_hangs_up_ends_the_body(tcp_line: tuple[socket.socket, socket.socket], rudely: bool) -> None:
    """By a goodbye or by a reset: an upload that is too short, not a defect of ours."""
    client, ours = tcp_line
    client.sendall(b"45")
    request = received(ours, 1000)
    pieces = body_pieces(request)
    assert next(pieces) == b"0123"
    if rudely:
        assert ours.recv(2) == b"45"  # else the reset would take it away
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert b"".join(pieces) == (b"" if rudely else b"45")


def test_client_that_stalls_ends_the_body(line: tuple[socket.socket, socket.socket]) -> None:
    """Whoever announces a body and sends no more of it holds a thread for the time allowed, not for ever."""
    client, ours = line
    client.sendall(b"45")
    request = received(ours, 1000)
    bound_waits(request.environ, 0.2)
    assert b"".join(body_pieces(request)) == b"012345"
    assert ours.recv(1) == b""  # gunicorn, which discards what is left of a body, does not wait for it


def test_client_that_takes_nothing_is_given_up(line: tuple[socket.socket, socket.socket]) -> None:
    """An answer that nobody fetches holds a thread for the time allowed, not for ever."""
    ours = line[1]
    bound_waits({"gunicorn.socket": ours}, 0.2)
    with pytest.raises(BlockingIOError):
        ours.sendall(bytes(64 << 20))
