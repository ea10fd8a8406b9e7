"""The Flask edge for file content. It holds no state, reads no database, and asks the vault for a permit each time."""

from __future__ import annotations

from flask import Flask, Response
from kontor_chassis.edge import edge_app

from kontor_vault.adapters.objects import open_object_store
from kontor_vault.config import VaultEdgeSettings
from kontor_vault.http.downloads import Downloads
from kontor_vault.http.uploads import Uploads


def create_app(settings: VaultEdgeSettings | None = None) -> Flask:
    """Return the WSGI application; settings come from the environment unless given."""
    loaded = settings or VaultEdgeSettings.load()
    app = edge_app("vault-http", loaded, __name__)
    store = open_object_store(loaded.object_store_url)
    uploads, downloads = Uploads(store), Downloads(store)
    app.add_url_rule("/files/uploads/<uuid:upload_id>", view_func=uploads.put, methods=["PUT"])
    app.add_url_rule("/files/customers/<uuid:customer_id>/documents", view_func=uploads.post, methods=["POST"])
    app.add_url_rule("/files/documents/<uuid:document_id>", view_func=downloads.get, methods=["GET"])
    app.after_request(_harden)
    return app


def _harden(response: Response) -> Response:
    """Keep browsers from guessing types and from running anything a file may hold."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
