"""A real, small name server on UDP: answers TXT questions with what tests put into `records`."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """Where it listens and what it knows."""

    address: str
    records: dict[str, str] = field(default_factory=dict)
    """Value of the TXT record by name, without the final dot."""
    is_broken: bool = False
    """Whether it refuses every question, as a name server in trouble does."""

    def answer(self, question: bytes) -> bytes:
        """Return the answer to a question."""
        asked = dns.message.from_wire(question)
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.AA
        name = asked.question[0].name
        value = self.records.get(name.to_text(omit_final_dot=True))
        if self.is_broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif value is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{value}"'))
        return answer.to_wire()


@contextmanager
def serving() -> Iterator[NameServer]:
    """Serve on a free port until the block is left."""

    class Answers(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            question, channel = self.request
            channel.sendto(server.answer(question), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answers) as listener:
        host, port = listener.server_address[:2]
        server = NameServer(f"{host!s}:{port}")
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
