"""Demands, payments and dunnings as messages on the wire; what only the firm may read is left out for customers."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.billing.v1 import receivables_pb2 as pb

from kontor_billing.messages import instant, money
from kontor_billing.receivable_tables import Dunning, Payment, PaymentReversal
from kontor_billing.receivables import OpenItem, Owed


def open_items(items: Sequence[OpenItem], sums: Owed, next_page_token: str) -> pb.ListOpenItemsResponse:
    """Return a page of open items with the sums over all of them."""
    return pb.ListOpenItemsResponse(
        open_items=[open_item(item, for_staff=True) for item in items],
        next_page_token=next_page_token,
        total_open=money(sums.open_minor),
        total_overdue=money(sums.overdue_minor),
    )


def open_item(item: OpenItem, *, for_staff: bool) -> pb.OpenItem:
    """Return the demand of one invoice."""
    row = item.receivable
    return pb.OpenItem(
        invoice_id=str(row.invoice_id),
        customer_id=str(row.customer_id),
        number=item.invoice.number,
        buyer_name=item.invoice.buyer["name"],
        issue_date=item.invoice.issue_date.isoformat(),
        due_on=row.due_on.isoformat(),
        gross=money(row.gross_minor),
        paid=money(row.paid_minor),
        open=money(item.open_minor),
        state=pb.ReceivableState.Value(f"RECEIVABLE_STATE_{row.state}"),
        overdue=item.overdue,
        dunning=_dunning(item.dunning, for_staff=for_staff) if item.dunning else None,
        fee=money(row.fee_minor),
        paused_until=row.paused_until.isoformat() if row.paused_until and row.paused_until >= item.today else "",
    )


def payment(row: Payment, reversal: PaymentReversal | None, *, for_staff: bool) -> pb.Payment:
    """Return one payment with what became of it."""
    return pb.Payment(
        payment_id=str(row.payment_id),
        invoice_id=str(row.invoice_id),
        amount=money(row.amount_minor),
        paid_on=row.paid_on.isoformat(),
        record_time=instant(row.recorded_at),
        recorder_account_id=str(row.recorder_account_id) if for_staff else "",
        reverse_time=instant(reversal.reversed_at) if reversal else None,
        reverse_note=reversal.note if reversal and for_staff else "",
    )


def _dunning(row: Dunning, *, for_staff: bool) -> pb.Dunning:
    return pb.Dunning(
        dunning_id=str(row.dunning_id),
        start_time=instant(row.started_at),
        end_time=instant(row.ended_at) if row.ended_at else None,
        end=pb.DunningEnd.Value(f"DUNNING_END_{row.end_reason}") if row.end_reason else pb.DUNNING_END_UNSPECIFIED,
        note=row.note if for_staff else "",
        level=row.level,
        level_time=instant(row.level_at or row.started_at),
    )
