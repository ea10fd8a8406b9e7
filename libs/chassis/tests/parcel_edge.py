"""A Flask edge for the tests: `python -m libs.chassis.tests.parcel_edge http`, as any edge is run."""

from __future__ import annotations

import time
from uuid import UUID

from flask import Flask, request
from kontor_chassis.edge import current_edge, edge_app, main
from kontor_chassis.errors import invalid
from kontor_chassis.settings import Address, EdgeSettings, SecretFile

from libs.chassis.tests.parcels import Parcel, ParcelStub


class ParcelEdgeSettings(EdgeSettings):
    """It calls one service, in the visitor's name and in its own."""

    sender_address: Address
    service_key_file: SecretFile


def create_app(settings: ParcelEdgeSettings | None = None) -> Flask:
    """Return the application."""
    app = edge_app("parcel-http", settings or ParcelEdgeSettings.load(), __name__)

    @app.get("/parcels/<text>")
    def parcel(text: str) -> str:
        """Ask the service as the visitor."""
        return str(current_edge().stub("sender", ParcelStub).ForStaff(Parcel(text=text)).text)

    @app.get("/own/<uuid:tenant>")
    def own(tenant: UUID) -> str:
        """Ask the service as this edge."""
        return str(current_edge().as_service("sender", ParcelStub, tenant).ForAnyService(Parcel(text="own")).text)

    @app.get("/slow")
    def slow() -> str:
        """Take as long as is asked for."""
        time.sleep(float(request.args["seconds"]))
        return "done"

    @app.get("/refused")
    def refused() -> str:
        """Refuse a field."""
        raise invalid("size", "Höchstens 5 MB.")

    @app.get("/broken")
    def broken() -> str:
        """Have a defect."""
        raise KeyError("geheim")

    return app


if __name__ == "__main__":
    main(create_app)
