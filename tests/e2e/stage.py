"""The platform as the stories need it: a real installation with its first operator and its network organiser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from kontor_tools.containers import tag_asked_for
from kontor_tools.embedded.process import free_port
from kontor_tools.installation import Installation
from kontor_tools.plan import Options

from tests.e2e.people import PASSWORD, Person

OPERATOR = "betrieb@plattform.example"
NETWORK = "netzwerk@plattform.example"
SCAN_CENTRE = "scan@plattform.example"


class InstalledStage:
    """A stage on an installation of the test run's own."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.base_url = installation.base_url
        self._bootstrap(OPERATOR, "operator")
        self._bootstrap(NETWORK, "network")
        self.operator = Person(self.base_url, OPERATOR).sign_in()
        self.network = Person(self.base_url, NETWORK).sign_in()

    @cached_property
    def scan_centre(self) -> Person:
        """The scan centre at work, from when it is needed on."""
        self._bootstrap(SCAN_CENTRE, "scan-centre")
        return Person(self.base_url, SCAN_CENTRE).sign_in()

    def mails(self) -> list[EmailMessage]:
        """Return all mails sent so far, oldest first."""
        return self.installation.mails()

    def advance_clock(self, step: timedelta) -> None:
        """Move the clock of all services."""
        self.installation.advance_clock(step)

    def add_operator(self, email: str) -> None:
        """Make another operator, for a story that nobody else's may touch."""
        self._bootstrap(email, "operator")

    def _bootstrap(self, email: str, role: str) -> None:
        secret = self.installation.folders.home / "first-password"
        secret.write_text(PASSWORD, encoding="utf-8")
        try:
            self.installation.run_command("identity", "bootstrap-operator", email, str(secret), role.title(), role)
        finally:
            secret.unlink()


@contextmanager
def installed(home: Path, *, replicas: int = 1, otlp_endpoint: str | None = None) -> Iterator[InstalledStage]:
    """Start an installation below `home`, stop it at the end; its logs stay when KONTOR_KEEP_LOGS is set.

    KONTOR_CONTAINERS=1 runs the services from their container images (`make test-containers`).
    """
    options = Options(
        port=free_port(),
        environment="test",
        replicas=replicas,
        otlp_endpoint=otlp_endpoint,
        image_tag=tag_asked_for(os.environ),
    )
    installation = Installation(home, options=options)
    installation.up()
    try:
        yield InstalledStage(installation)
    finally:
        installation.down()
        if os.environ.get("KONTOR_KEEP_LOGS"):
            print(f"logs: {installation.folders.log}")
