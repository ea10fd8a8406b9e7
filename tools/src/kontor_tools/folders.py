"""Where an installation keeps its things: one folder, `.kontor` unless KONTOR_HOME says otherwise."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

LONGEST_SOCKET_FOLDER = 75
"""Bytes; the kernel allows 107 with the name, and supervisord first binds one that is a little longer."""


class InstallationError(RuntimeError):
    """The installation cannot go on; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Folders:
    """The folders and files of one installation."""

    home: Path

    @property
    def secrets(self) -> Path:
        """Passwords and keys; only the owner may enter."""
        return self.home / "secrets"

    @property
    def service_certificates(self) -> Path:
        """Public keys of all services, `<service>.pem`."""
        return self.home / "secrets" / "public"

    @property
    def postgres(self) -> Path:
        """The PostgreSQL cluster."""
        return self.home / "postgres"

    @property
    def nats(self) -> Path:
        """The JetStream store."""
        return self.home / "nats"

    @property
    def objects(self) -> Path:
        """Encrypted content of documents."""
        return self.home / "objects"

    @property
    def mail(self) -> Path:
        """Mails the SMTP sink received, one .eml file each."""
        return self.home / "mail"

    @property
    def log(self) -> Path:
        """One log file per process."""
        return self.home / "log"

    @property
    def run(self) -> Path:
        """What belongs to the present run only: rendered configuration, pid file, chosen ports."""
        return self.home / "run"

    @property
    def clock(self) -> Path:
        """Offset of the installation's clock in seconds (see kontor_chassis.clock)."""
        return self.home / "clock"

    @property
    def demo(self) -> Path:
        """How much of the demo the databases hold."""
        return self.home / "demo.json"

    @property
    def supervisor_configuration(self) -> Path:
        """The rendered configuration of supervisord."""
        return self.run / "supervisord.conf"

    @property
    def supervisor_log(self) -> Path:
        """What supervisord did in this run; restarts are counted from it."""
        return self.log / "supervisord.log"

    @property
    def state(self) -> Path:
        """What the present run was started with."""
        return self.run / "state.json"

    @property
    def socket(self) -> Path:
        """The Unix socket of supervisord."""
        return self.socket_of("supervisor")

    def socket_of(self, name: str) -> Path:
        """Return the Unix socket of a process, in a private short folder where the home's path is too long."""
        if len(os.fsencode(self.run)) <= LONGEST_SOCKET_FOLDER:
            return self.run / f"{name}.sock"
        short = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"kontor-{os.geteuid()}" / f"{short}-{name}.sock"

    def remove_sockets(self) -> None:
        """Delete the sockets that killed processes left."""
        socket = self.socket_of("*")
        for left in socket.parent.glob(socket.name):
            left.unlink(missing_ok=True)

    def create(self) -> None:
        """Create what is missing; raises InstallationError when that is not possible."""
        try:
            for folder in (self.home, self.log, self.run, self.mail, self.objects, self.nats):
                folder.mkdir(parents=True, exist_ok=True)
            for private in (self.secrets, self.service_certificates):
                private.mkdir(mode=0o700, exist_ok=True)
            self._create_socket_folder()
            probe = self.run / "probe"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink()
        except OSError as failure:
            raise unwritable(self.home, failure) from failure

    def _create_socket_folder(self) -> None:
        folder = self.socket.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder != self.run and folder.stat().st_uid != os.geteuid():
            raise InstallationError(f"{folder} belongs to somebody else: delete it, then run `make up` again.")


def unwritable(path: Path, failure: OSError) -> InstallationError:
    """Return the sentence for a folder that cannot be written."""
    if failure.errno in (28, 122):  # ENOSPC, EDQUOT
        return InstallationError(f"The disk of {path} is full: free some space, then run `make up` again.")
    return InstallationError(
        f"{path} cannot be written ({failure.strerror}): make it writable for this user"
        " or choose another folder with `make up KONTOR_HOME=…`."
    )
