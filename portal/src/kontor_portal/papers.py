"""What the page of a document shows beside it: its versions, its twins, and words to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from kontor.identity.v1 import households_pb2
from kontor.vault.v1 import search_pb2, vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.found_documents import reading_label
from kontor_portal.i18n import t
from kontor_portal.reading import optional

SAID = ("title", "kind", "folder_id", "tags", "note", "concerned_person", "dated_on", "due_on", "remind_days")
"""The fields of a document that its form changes."""


@dataclass(frozen=True)
class Paper:
    """Versions, newest first; other documents of the same content; tags and people that the household uses."""

    versions: tuple[vault_pb2.DocumentVersion, ...]
    twins: tuple[vault_pb2.Document, ...]
    tags: tuple[str, ...]
    persons: tuple[str, ...]
    reading: str
    """Whether its text can be searched."""


def paper_of(customer_id: str, document_id: str) -> Paper:
    """Ask for what belongs to a document; what cannot be had is left out."""
    vault, ids = gateway.vault(), {"customer_id": customer_id, "document_id": document_id}
    versions = optional(
        lambda: vault.ListDocumentVersions(vault_pb2.ListDocumentVersionsRequest(page_size=50, **ids)),
        vault_pb2.ListDocumentVersionsResponse(),
    )
    twins = optional(
        lambda: vault.ListDuplicates(vault_pb2.ListDuplicatesRequest(page_size=5, **ids)),
        vault_pb2.ListDuplicatesResponse(),
    )
    reading = optional(
        lambda: gateway.document_search().GetDocumentReading(search_pb2.GetDocumentReadingRequest(**ids)),
        search_pb2.DocumentReading(),
    )
    labels = labels_of(customer_id)
    return Paper(
        tuple(versions.versions),
        tuple(twins.documents),
        tuple(each.name for each in labels.tags),
        _persons(customer_id, labels),
        reading_label(reading.state),
    )


def labels_of(customer_id: str) -> vault_pb2.DocumentLabels:
    """Ask for the tags and people that a customer's documents name."""
    request = vault_pb2.GetDocumentLabelsRequest(customer_id=customer_id)
    return optional(lambda: gateway.vault().GetDocumentLabels(request), vault_pb2.DocumentLabels())


def said_in(values: Mapping[str, str], document: vault_pb2.Document) -> None:
    """Put what a form says about a document into the message that changes it."""
    document.tags.extend(each.strip() for each in values.get("tags", "").split(",") if each.strip())
    document.note = values.get("note", "")
    document.concerned_person = values.get("concerned_person", "")
    document.due_on = values.get("due_on", "")
    days = values.get("remind_days", "")
    document.remind_days = int(days) if days.isdecimal() else 0


def reminder_choices() -> tuple[Choice, ...]:
    """Return how long before a due day one can be reminded."""
    return (
        Choice("0", t("am selben Tag")),
        Choice("1", t("am Tag davor")),
        Choice("7", t("eine Woche vorher")),
        Choice("14", t("zwei Wochen vorher")),
        Choice("30", t("30 Tage vorher")),
        Choice("90", t("90 Tage vorher")),
    )


def _persons(customer_id: str, labels: vault_pb2.DocumentLabels) -> tuple[str, ...]:
    """Return whom documents may concern: who was named before, then the people of the household."""
    household = optional(
        lambda: gateway.households().ListHouseholdPersons(
            households_pb2.ListHouseholdPersonsRequest(customer_id=customer_id, page_size=50)
        ),
        households_pb2.ListHouseholdPersonsResponse(),
    )
    named = (each.name for each in labels.concerned_persons)
    return tuple(dict.fromkeys(chain(named, (person.display_name for person in household.persons))))
