"""How many files move at once."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue
from kontor_chassis.errors import DomainError
from kontor_vault.http.places import KEPT_FREE, Places


def edge(threads: int) -> Flask:
    """Return an application that sends a file, and one that breaks before it does."""
    app = Flask(__name__)
    Places(threads).guard(app)
    app.add_url_rule("/file", view_func=lambda: iter((b"one", b"two")), endpoint="file")
    app.add_url_rule("/broken", view_func=lambda: str(1 / 0), endpoint="broken")

    def told(error: Exception) -> ResponseReturnValue:
        return (error.reason, 503) if isinstance(error, DomainError) else ("broken", 500)

    app.register_error_handler(Exception, told)
    return app


def test_a_place_is_taken_until_the_answer_is_sent() -> None:
    """F14: who finds no place hears so at once; the threads that are kept free can answer the gateway."""
    client = edge(KEPT_FREE + 2).test_client()
    first, second = client.get("/file"), client.get("/file")
    refused = client.get("/file")
    assert (refused.status_code, refused.text) == (503, "TOO_MANY_TRANSFERS")
    first.close()
    assert (client.get("/file").data, second.data) == (b"onetwo", b"onetwo")


def test_a_refusal_and_a_defect_keep_no_place() -> None:
    """Whatever becomes of a request, its place is free afterwards."""
    client = edge(1).test_client()
    for path, status in (("/broken", 500), ("/nowhere", 500), ("/file", 200)):
        answer = client.get(path)
        assert answer.status_code == status
        assert client.get("/file").status_code == 503
        answer.close()
