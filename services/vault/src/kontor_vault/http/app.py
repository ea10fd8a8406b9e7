"""The Flask edge for file content. It holds no state, reads no database, and asks the vault for a permit each time."""

from __future__ import annotations

from flask import Flask, Response
from kontor_chassis.edge import edge_app

from kontor_vault.adapters.objects import open_object_store
from kontor_vault.config import VaultEdgeSettings
from kontor_vault.http.archives import Archives
from kontor_vault.http.downloads import Downloads
from kontor_vault.http.photos import Photos
from kontor_vault.http.places import Places
from kontor_vault.http.previews import Previews
from kontor_vault.http.scans import Scans
from kontor_vault.http.tus import Tus
from kontor_vault.http.uploads import Uploads


def create_app(settings: VaultEdgeSettings | None = None) -> Flask:
    """Return the WSGI application; settings come from the environment unless given."""
    loaded = settings or VaultEdgeSettings.load()
    app = edge_app("vault-http", loaded, __name__)
    store = open_object_store(loaded.object_store_url)
    uploads, downloads, tus = Uploads(store), Downloads(store), Tus(store)
    app.add_url_rule("/files/uploads/<uuid:upload_id>", view_func=uploads.put, methods=["PUT"])
    app.add_url_rule("/files/customers/<uuid:customer_id>/documents", view_func=uploads.post, methods=["POST"])
    app.add_url_rule("/files/documents/<uuid:document_id>", view_func=downloads.get, methods=["GET"])
    app.add_url_rule("/files/exports/<uuid:export_id>", view_func=downloads.export, methods=["GET"])
    app.add_url_rule("/files/former/<uuid:file_id>", view_func=downloads.former, methods=["GET"])
    archives, previews = Archives(store), Previews(store)
    app.add_url_rule("/files/documents/<uuid:document_id>/preview", view_func=previews.picture, methods=["GET"])
    app.add_url_rule("/files/documents/<uuid:document_id>/view", view_func=previews.quiet, methods=["GET"])
    app.add_url_rule("/files/customers/<uuid:customer_id>/archive", view_func=archives.send, methods=["POST"])
    photos = Photos(store)
    app.add_url_rule("/files/customers/<uuid:customer_id>/photos", view_func=photos.join, methods=["POST"])
    scans = Scans(store)
    app.add_url_rule("/files/scan-batches/<uuid:batch_id>", view_func=scans.receive, methods=["POST", "PUT"])
    sheets = "/files/customers/<uuid:customer_id>/scan-sheets/<uuid:sheet_id>"
    app.add_url_rule(sheets, view_func=scans.draw, methods=["GET"])
    app.add_url_rule("/files/scan-divider", view_func=scans.draw_divider, methods=["GET"])
    _add_tus(app, tus)
    app.after_request(_harden)
    Places(loaded.http_threads).guard(app)
    return app


def _add_tus(app: Flask, tus: Tus) -> None:
    one, all_ = "/files/tus/<uuid:upload_id>", "/files/tus"
    app.add_url_rule(all_, view_func=tus.create, methods=["POST"], provide_automatic_options=False)
    rules = {"HEAD": (one, tus.head), "PATCH": (one, tus.patch), "DELETE": (one, tus.delete)}
    for method, (rule, view) in rules.items():
        app.add_url_rule(rule, view_func=view, methods=[method], provide_automatic_options=False)
    for rule in (one, all_):
        app.add_url_rule(rule, view_func=tus.options, methods=["OPTIONS"])


def _harden(response: Response) -> Response:
    """Keep browsers from guessing types and from running anything a file may hold."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
