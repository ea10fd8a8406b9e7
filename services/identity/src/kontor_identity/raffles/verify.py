"""Repeats a draw from what is published of it, so that anybody can check it:

    python -m kontor_identity.raffles.verify https://portal.example RAFFLE_ID

Needs nothing but Python and `drawing.py` beside it. Ends with status 0 if the draw was fair, 1 with what is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from kontor_identity.raffles.drawing import Pick, Protocol, faults_of

_PAGE = 100
_SECONDS = 30


def protocol_in(answer: dict[str, Any]) -> Protocol:
    """Return the protocol in an answer of GetDrawProtocol (JSON); ValueError while nothing is drawn."""
    if not answer.get("seed"):
        raise ValueError("nothing is drawn yet")
    picks = (Pick(one["ticketSha256"], bool(one.get("passedOver", False))) for one in answer.get("picks", ()))
    return Protocol(
        prizes=int(answer["prizes"]),
        commitment=answer["seedCommitment"],
        seed=bytes.fromhex(answer["seed"]),
        public_value=answer["publicValue"],
        list_sha256=answer["listSha256"],
        picks=tuple(picks),
    )


def published_tickets(raffle: str) -> Iterator[str]:
    """Yield the tickets of the raffle at this address, page by page."""
    token = ""
    while True:
        page = _read(f"{raffle}/drawTickets?pageSize={_PAGE}&pageToken={quote(token)}")
        yield from page.get("tickets", ())
        token = page.get("nextPageToken", "")
        if not token:
            return


def main(arguments: list[str]) -> int:
    """Fetch, repeat, tell."""
    if len(arguments) != 2 or urlsplit(arguments[0]).scheme not in ("http", "https"):
        sys.stderr.write("usage: python -m kontor_identity.raffles.verify https://portal.example RAFFLE_ID\n")
        return 2
    raffle = f"{arguments[0].rstrip('/')}/v1/raffles/{quote(arguments[1])}"
    try:
        protocol = protocol_in(_read(f"{raffle}/drawProtocol"))
    except ValueError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    tickets = list(published_tickets(raffle))
    faults = faults_of(protocol, tickets)
    sys.stdout.write("\n".join(faults) or f"fair: {len(tickets)} tickets, {len(protocol.picks)} picks")
    sys.stdout.write("\n")
    return 1 if faults else 0


def _read(address: str) -> dict[str, Any]:
    with urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - http or https, checked in main
        found: dict[str, Any] = json.load(answer)
        return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
