"""Optimistic concurrency (AIP-154): an etag stands for the version of a row that the caller has seen."""

from __future__ import annotations

from kontor_chassis.errors import DomainError, ErrorKind


def etag_of(version: int) -> str:
    """Return the etag of a row's version."""
    return f'"{version}"'


def check_etag(given: str, version: int) -> None:
    """Raise CONFLICT when the caller names another version than the present one; an empty etag is not checked."""
    if given and given != etag_of(version):
        raise DomainError(
            ErrorKind.CONFLICT,
            "ETAG_MISMATCH",
            "Jemand hat das inzwischen geändert. Bitte laden Sie die Seite neu und wiederholen Sie Ihre Änderung.",
        )
