"""How long a document is kept, in words."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.vault.v1 import retention_pb2 as pb

from kontor_portal import gateway
from kontor_portal.formatting import day_text, moment_text
from kontor_portal.i18n import t, tn
from kontor_portal.labels import document_kind
from kontor_portal.reading import optional


@dataclass(frozen=True)
class Kept:
    """What its page says about a document's retention."""

    sentences: tuple[str, ...]
    end_on: str
    """The day that its owner set; empty without one."""


def kept(customer_id: str, document_id: str) -> Kept:
    """Ask how long a document is kept; nothing where that cannot be had."""
    wanted = pb.GetDocumentRetentionRequest(customer_id=customer_id, document_id=document_id)
    found = optional(lambda: gateway.retention().GetDocumentRetention(wanted), pb.DocumentRetention())
    return Kept(tuple(_sentences(found)), found.end_on)


def rule_text(rule: pb.RetentionRule) -> str:
    """Return a rule in a few words."""
    years = tn("%(count)s Jahr", "%(count)s Jahre", rule.protect_years)
    basis = f" ({rule.basis})" if rule.basis else ""
    return f"{document_kind(rule.kind)}, {years}{basis}"


def _sentences(found: pb.DocumentRetention) -> list[str]:
    said = []
    if found.protected_until:
        said.append(t("Aufzubewahren bis %(day)s; vorher nicht zu löschen.", day=day_text(found.protected_until)))
        said.append(t("Regel: %(rule)s", rule=rule_text(found.rule)))
    elif found.HasField("correct_until_time") and found.rule.protect_years:
        moment = moment_text(found.correct_until_time)
        said.append(t("Falsch abgelegt? Bis %(moment)s lässt es sich noch löschen.", moment=moment))
        said.append(t("Danach gilt: %(rule)s", rule=rule_text(found.rule)))
    if found.HasField("rule") and found.end_on:
        said.append(t("Wird am %(day)s gelöscht.", day=day_text(found.end_on)))
    return said
