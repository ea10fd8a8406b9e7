"""Lines of business: a firm's own tree, which begins as the default tree (F71, F72).

Boundary: renaming, adding and deleting lines come later; every contract refers to a line of its own firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_contracts.tables import LineOfBusiness


@dataclass(frozen=True)
class DefaultLine:
    """A line every new firm gets. `gdv_key` is the norm's key of the line ("Sparte"), empty if it has none."""

    key: str
    name: str
    description: str
    gdv_key: str = ""
    parent: str = ""


OTHER = "other"
"""Key of the default line for whatever fits nowhere else."""

DEFAULT_LINES = (
    DefaultLine("liability", "Haftpflicht", "Zahlt, wenn Sie anderen einen Schaden zufügen.", "040"),
    DefaultLine("home", "Wohnen", "Schützt Ihr Zuhause und was darin steht."),
    DefaultLine("household", "Hausrat", "Ersetzt Ihre Einrichtung nach Feuer, Einbruch oder Wasser.", "130", "home"),
    DefaultLine("building", "Wohngebäude", "Schützt Ihr Haus gegen Feuer, Sturm und Wasser.", "140", "home"),
    DefaultLine("glass", "Glas", "Ersetzt zerbrochene Scheiben und Möbelgläser.", "150", "home"),
    DefaultLine("motor", "Kraftfahrt", "Rund um Ihr Fahrzeug.", "050"),
    DefaultLine("motor_liability", "Kfz-Haftpflicht", "Pflicht für jedes Fahrzeug.", "051", "motor"),
    DefaultLine("motor_full", "Vollkasko", "Zahlt auch selbst verschuldete Schäden am Fahrzeug.", "052", "motor"),
    DefaultLine("motor_partial", "Teilkasko", "Zahlt bei Diebstahl, Sturm, Glasbruch und Wild.", "053", "motor"),
    DefaultLine("motor_accident", "Insassenunfall", "Hilft verletzten Insassen.", "054", "motor"),
    DefaultLine("breakdown", "Schutzbrief", "Hilft bei einer Panne.", "510", "motor"),
    DefaultLine("accident", "Unfall", "Zahlt, wenn nach einem Unfall etwas zurückbleibt.", "030"),
    DefaultLine("life", "Leben und Rente", "Sorgt für Ihr Alter und für Ihre Familie vor.", "010"),
    DefaultLine("health", "Krankheit und Pflege", "Ergänzt oder ersetzt die gesetzliche Kasse.", "020"),
    DefaultLine("legal", "Rechtsschutz", "Trägt die Kosten, wenn Sie Ihr Recht durchsetzen.", "070"),
    DefaultLine("trade", "Gewerbe", "Für Betrieb, Praxis und Kanzlei."),
    DefaultLine("fire", "Feuer", "Schützt Betriebsgebäude und Waren vor Feuer.", "080", "trade"),
    DefaultLine("burglary", "Einbruchdiebstahl", "Ersetzt, was Einbrecher mitnehmen oder zerstören.", "110", "trade"),
    DefaultLine("water", "Leitungswasser", "Schützt vor Schäden durch Leitungswasser.", "120", "trade"),
    DefaultLine("engineering", "Technische Versicherungen", "Für Maschinen, Anlagen und Geräte.", "170", "trade"),
    DefaultLine("transport", "Transport", "Schützt Waren unterwegs.", "190", "trade"),
    DefaultLine("savings", "Bausparen", "Spart für Ihr Eigenheim.", "550"),
    DefaultLine("bundle", "Gebündelte Verträge", "Mehrere Versicherungen in einem Vertrag.", "000"),
    DefaultLine(OTHER, "Sonstige", "Alles, was in keine andere Sparte passt."),
)


def line_id(tenant_id: UUID, key: str) -> UUID:
    """Return the id of a firm's default line; the same however often and wherever it is asked."""
    return uuid5(uuid5(NAMESPACE_OID, "kontor.lines_of_business"), f"{tenant_id}/{key}")


async def ensure_default_lines(tx: Transaction) -> None:
    """Give the firm the default lines it does not have (F72); what it renamed stays renamed."""
    tenant_id = tx.principal.required_tenant()
    rows = [
        {
            "line_of_business_id": line_id(tenant_id, line.key),
            "tenant_id": tenant_id,
            "parent_id": line_id(tenant_id, line.parent) if line.parent else None,
            "key": line.key,
            "name": line.name,
            "description": line.description,
            "gdv_key": line.gdv_key,
            "position": position,
        }
        for position, line in enumerate(DEFAULT_LINES)
    ]
    await tx.session.execute(insert(LineOfBusiness).values(rows).on_conflict_do_nothing())


async def lines_by_gdv_key(tx: Transaction) -> Mapping[str, UUID]:
    """Return the firm's lines by their key in portfolio files; the line for everything else under ""."""
    statement = select(LineOfBusiness.gdv_key, LineOfBusiness.key, LineOfBusiness.line_of_business_id)
    found = (await tx.session.execute(statement)).all()
    by_key = {row.gdv_key: row.line_of_business_id for row in found if row.gdv_key}
    by_key[""] = next(row.line_of_business_id for row in found if row.key == OTHER)
    return by_key


async def require_line(tx: Transaction, line_of_business_id: UUID) -> LineOfBusiness:
    """Return the line; raises INVALID naming the field if the firm has no such line."""
    line = await tx.session.get(LineOfBusiness, line_of_business_id)
    if line is None:
        raise invalid("contract.line_of_business_id", "Diese Sparte gibt es nicht.", reason="UNKNOWN_LINE")
    return line
