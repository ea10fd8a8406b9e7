"""The sight ledger as its owner reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb
from kontor_portal.sightings import KINDS, line_of

ME, PETRA, FIRM = "me", "petra", "Hansen & Partner"
MIDNIGHT = Timestamp()
MIDNIGHT.FromDatetime(datetime(2026, 12, 31, 23, tzinfo=UTC))


def said(action: int, **fields: Any) -> str:
    """Return the sentence of an entry about a document, unless it says something else."""
    petra: dict[str, Any] = {"account_id": PETRA, "account_name": "Petra Hansen", "role": Role.ROLE_STAFF}
    given = petra | {"subject": "Police"} | fields
    return line_of(pb.Sighting(action=pb.SightingAction.ValueType(action), **given), ME, FIRM).sentence


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        (pb.SIGHTING_ACTION_VIEW, {}, "Petra Hansen hat „Police“ angesehen."),
        (pb.SIGHTING_ACTION_VIEW, {"account_name": "Clara Wolff, Dr. Wolff Gewerbeschutz", "role": Role.ROLE_EXPERT},
         "Clara Wolff, Dr. Wolff Gewerbeschutz, hat „Police“ angesehen."),
        (pb.SIGHTING_ACTION_REVOKE, {"account_id": "", "account_name": "", "party_name": "Paul"},
         "Die Freigabe von „Police“ für Paul ist beendet."),
        (pb.SIGHTING_ACTION_DOWNLOAD, {"subject": ""}, "Petra Hansen hat ein gelöschtes Dokument heruntergeladen."),
        (pb.SIGHTING_ACTION_VIEW, {"account_id": ME}, "Sie haben „Police“ angesehen."),
        (pb.SIGHTING_ACTION_SHARE, {"account_id": ME}, f"Sie haben „Police“ für {FIRM} freigegeben."),
        (pb.SIGHTING_ACTION_SHARE, {"account_id": ME, "party_name": "Petra Hansen", "until_time": MIDNIGHT},
         "Sie haben „Police“ bis 31.\u00a0Dezember\u00a02026 für Petra Hansen freigegeben."),
        (pb.SIGHTING_ACTION_SHARE, {"account_id": ME, "folder_id": "f", "subject": "Kfz"},
         f"Sie haben den Ordner „Kfz“ für {FIRM} freigegeben."),
        (pb.SIGHTING_ACTION_REVOKE, {"account_id": ME}, "Sie haben die Freigabe von „Police“ zurückgenommen."),
        (pb.SIGHTING_ACTION_REVOKE, {"account_id": "", "account_name": ""}, "Die Freigabe von „Police“ ist beendet."),
        (pb.SIGHTING_ACTION_RELEASE, {"account_id": "", "account_name": ""},
         f"{FIRM} hat „Police“ für Sie sichtbar gemacht."),
        (pb.SIGHTING_ACTION_EMERGENCY_OPEN, {"account_id": "", "account_name": ""},
         "Der Notfallzugang hat Ordner für eine Vertrauensperson geöffnet."),
        (pb.SIGHTING_ACTION_EMERGENCY_SECRET, {"item_id": "i", "subject": "E-Mail"},
         "Petra Hansen hat das Geheimnis zu „E-Mail“ geöffnet."),
    ],
)  # fmt: skip
def test_every_entry_is_a_sentence(app: Flask, action: int, fields: dict[str, object], sentence: str) -> None:
    """F2: who did what with what, in plain German; the last day of a share, not the moment after it."""
    with app.test_request_context():
        assert said(action, **fields) == sentence


def test_the_page_can_be_narrowed_to_every_action() -> None:
    """F2: no action is missing from the page's choices."""
    assert {action for kind in KINDS.values() for action in kind} == set(pb.SightingAction.values()) - {0}
