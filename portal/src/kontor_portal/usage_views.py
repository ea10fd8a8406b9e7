"""What a customer uses beside his tier, in words: scans and storage, what is free and what it costs (F14–F17)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kontor.billing.v1 import usage_pb2

from kontor_portal import gateway
from kontor_portal.formatting import money
from kontor_portal.i18n import t, tn
from kontor_portal.reading import asked

_SHEET = usage_pb2.USAGE_ITEM_SCANNED_SHEET
_BINDER = usage_pb2.USAGE_ITEM_SCANNED_BINDER


def usage_item(item: usage_pb2.UsageItem.ValueType) -> str:
    """Return the name of what is counted."""
    return {
        _SHEET: t("Papierpost scannen"),
        _BINDER: t("Ordner scannen"),
        usage_pb2.USAGE_ITEM_STORAGE_BLOCK: t("Weiterer Speicherplatz"),
    }.get(item, "")


def usage_unit(item: usage_pb2.UsageItem.ValueType) -> str:
    """Return what a price is for."""
    return {
        _SHEET: t("je Blatt"),
        _BINDER: t("je Ordner"),
        usage_pb2.USAGE_ITEM_STORAGE_BLOCK: t("je 10 GB im Monat"),
    }.get(item, "")


def usage_detail(line: usage_pb2.UsageLine) -> str:
    """Return how the price of a line comes about."""
    price = f"{money(line.unit_net)} {usage_unit(line.item)}"
    if line.item == _SHEET:
        pieces = tn("%(count)s Poststück", "%(count)s Poststücke", line.pieces)
        free = t("%(free)s im Monat frei", free=line.free_pieces)
        sheets = tn("%(count)s weiteres Blatt", "%(count)s weitere Blätter", line.charged_units)
        return " · ".join((pieces, free, *([sheets] if line.charged_units else []), price))
    if line.item == _BINDER:
        return f"{t('%(count)s Ordner', count=line.pieces)} · {price}"
    return f"{t('%(size)s GB', size=10 * line.charged_units)} · {price}"


def price_terms(prices: Iterable[usage_pb2.UsagePrice]) -> tuple[str, ...]:
    """Return what further use costs, one sentence for each thing, as it is shown before signing."""
    return tuple(_term(price) for price in prices)


def asked_usage(customer_id: str) -> Callable[[], usage_pb2.Usage]:
    """Ask what a customer used this month; nothing where the firm, or a missing right, keeps it closed."""
    wanted = usage_pb2.GetUsageRequest(customer_id=customer_id)
    return asked(gateway.usage().GetUsage, wanted, usage_pb2.Usage())


def _term(price: usage_pb2.UsagePrice) -> str:
    cost = t("%(gross)s %(unit)s inkl. Steuern (netto %(net)s)",
             gross=money(price.unit.gross), unit=usage_unit(price.item), net=money(price.unit.net))  # fmt: skip
    if price.free_pieces:
        pieces = t("%(free)s Stücke im Monat frei, danach", free=price.free_pieces)
        return f"{usage_item(price.item)}: {pieces} {cost}"
    return f"{usage_item(price.item)}: {cost}"


USAGE_LABELS = ("usage_item", "usage_unit", "usage_detail")
