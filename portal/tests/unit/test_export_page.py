"""The page on which a customer takes everything along, in each state of his archive."""

from __future__ import annotations

from flask import Flask, g, render_template
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import exports_pb2 as pb
from kontor_portal.forms import Form
from kontor_portal.session import read_session

from portal.tests.unit.conftest import access_token


def _page(app: Flask, export: pb.Export | None, *, is_making: bool = False) -> str:
    with app.test_request_context("/kunde/dokumente/archiv"):
        token = access_token(roles=["CUSTOMER"], cid="018f0000-0000-7000-8000-000000000002", name="Julia Brandt")
        g.preview_session = read_session(token)
        return render_template("customer/export.html", export=export, is_making=is_making, form=Form({}))


def test_the_page_follows_the_archive(app: Flask) -> None:
    """Export of everything: offered, followed while it is made, downloaded when it is ready, retried after a fault."""
    assert "Archiv erstellen" in _page(app, None)
    making = _page(app, pb.Export(export_id="e1", total_bytes=2 << 20, done_bytes=1 << 20), is_making=True)
    assert 'hx-trigger="every 2s"' in making
    assert 'value="1048576"' in making
    done = Timestamp(seconds=1_782_900_000)
    ready = _page(app, pb.Export(
        export_id="e1", state=pb.EXPORT_STATE_READY, documents=3, damaged_files=1, size_bytes=5, ready_time=done,
        expire_time=done, download_path="/files/exports/e1",
    ))  # fmt: skip
    assert 'href="/files/exports/e1"' in ready
    assert "1 Datei ließ sich nicht lesen" in ready
    assert "every 2s" not in ready
    assert "noch einmal" in _page(app, pb.Export(export_id="e1", state=pb.EXPORT_STATE_FAILED))
