"""The pages on which an archive is read in, and on which the operator sees that everything is sound."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g, render_template
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import imports_pb2 as pb
from kontor.vault.v1 import keeping_pb2, vault_pb2
from kontor.vault.v1.originals_pb2 import ORIGINAL_STATE_STORED
from kontor_portal.forms import Form
from kontor_portal.session import read_session
from kontor_portal.uploads import UploadTarget
from kontor_portal.views.customer_import import PAGE, refusal_text

from portal.tests.unit.conftest import access_token

_ID = "018f0000-0000-7000-8000-000000000002"
_DAY = Timestamp(seconds=1_782_900_000)


def _rendered(app: Flask, template: str, role: str, **values: Any) -> str:
    with app.test_request_context(PAGE):
        g.preview_session = read_session(access_token(roles=[role], cid=_ID, name="Julia Brandt"))
        return render_template(template, **values)


def _page(app: Flask, running: pb.Import | None = None, ended: tuple[pb.Import, ...] = ()) -> str:
    archive = vault_pb2.Document(document_id=_ID, title="Kontor 2026", media_type="application/zip", size_bytes=1)
    given = {"running": running, "ended": ended, "archives": [archive], "states": pb.ImportState, "form": Form({})}
    upload = UploadTarget(_ID, PAGE, hint="Die ZIP-Datei")
    return _rendered(app, "customer/import.html", "CUSTOMER", **given, upload=upload, refusal_text=refusal_text)


def test_the_page_follows_the_reading(app: Flask) -> None:
    """Export of everything: uploaded archives are offered, one is followed, done, refused with the file, or retried."""
    offered = _page(app)
    assert f'value="{_ID}"' in offered
    assert "Die ZIP-Datei" in offered
    running = _page(app, pb.Import(import_id="i1", state=pb.IMPORT_STATE_STORING, total_bytes=8, done_bytes=4))
    assert 'hx-trigger="every 2s"' in running
    assert 'max="8" value="4"' in running
    assert "Archiv hochladen" not in running
    done = pb.Import(import_id="i1", state=pb.IMPORT_STATE_DONE, documents=3, unreadable_versions=1, end_time=_DAY)
    assert f'href="{PAGE}/i1"' in _page(app, ended=(done,))
    refused = pb.Import(
        import_id="i1", state=pb.IMPORT_STATE_REFUSED, refusal=pb.IMPORT_REFUSAL_ALTERED, refused_path="data/a.txt"
    )
    assert "data/a.txt" in _page(app, ended=(refused,))
    assert "noch einmal" in _page(app, ended=(pb.Import(import_id="i1", state=pb.IMPORT_STATE_FAILED),))


@pytest.mark.parametrize("refusal", [value for value in pb.ImportRefusal.values() if value])
def test_each_refusal_has_its_own_sentence(app: Flask, refusal: pb.ImportRefusal.ValueType) -> None:
    """Hostile archives: a clear sentence says why."""
    with app.test_request_context(PAGE):
        assert refusal_text(pb.Import(refusal=refusal)) != refusal_text(pb.Import())


def test_what_applied_before_can_be_read(app: Flask) -> None:
    """Export of everything: grants, proofs, originals and secrets of the former installation."""
    former = pb.FormerInstallation(
        make_time=_DAY,
        grants=[pb.FormerGrant(title="Schein", expire_time=_DAY)],
        deliveries=[pb.FormerDelivery(title="Police", provide_time=_DAY, proof_path="/files/former/f1")],
        originals=[pb.FormerOriginal(place="K-17 / 4", state=ORIGINAL_STATE_STORED, keep_until="2027-05-04")],
        secrets_to_renew=["Bank"],
    )
    page = _rendered(app, "customer/import_former.html", "CUSTOMER", former=former)
    for words in ("Schein", "ganzer Maklerbetrieb", 'href="/files/former/f1"', "K-17 / 4", "Im Scan-Zentrum", "Bank"):
        assert words in page


def test_the_operator_sees_numbers(app: Flask) -> None:
    """Integrity check: the state of the rounds, damage first; a fresh installation says so."""
    replica = keeping_pb2.OrphanRound.STORE_REPLICA
    fresh = _rendered(app, "operator/keeping.html", "OPERATOR", state=keeping_pb2.KeepingState(), replica=replica)
    assert "noch nicht begonnen" in fresh
    ended = keeping_pb2.IntegrityRound(start_time=_DAY, last_end_time=_DAY, last_checked=12_345, last_repaired=7)
    state = keeping_pb2.KeepingState(integrity=ended, damaged=2, missing=1, oldest_damage_time=_DAY, has_replica=True)
    state.orphans.add(store=replica, last_end_time=_DAY, last_objects=40, last_deleted=3)
    page = _rendered(app, "operator/keeping.html", "OPERATOR", state=state, replica=replica)
    for words in ("2 Dateien sind beschädigt", "12.345", "Repariert", "Zweiter Speicher", ">3<"):
        assert words in page
