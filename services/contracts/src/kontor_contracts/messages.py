"""Between protos and values: no decisions, only the spelling."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.money_pb2 import Money
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor_chassis.errors import invalid
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id

from kontor_contracts.contracts import ContractValues
from kontor_contracts.tables import Contract, Interval, PortfolioImport, Status

Row = Mapping[str, Any] | asyncpg.Record


def contract(row: Row) -> pb.Contract:
    """Return a contract as callers see it; `row` has the columns of the table and `line_name`."""
    return pb.Contract(
        contract_id=str(row["contract_id"]),
        customer_id=str(row["customer_id"]),
        line_of_business_id=str(row["line_of_business_id"]),
        line_of_business_name=row["line_name"],
        number=row["number"],
        insurer_name=row["insurer_name"],
        insurer_number=row["insurer_number"],
        status=pb.ContractStatus.Value(f"CONTRACT_STATUS_{row['status']}"),
        premium=_money(row["premium_minor_units"], row["premium_currency"]),
        payment_interval=pb.PaymentInterval.Value(f"PAYMENT_INTERVAL_{row['payment_interval']}"),
        begin_day=_day_text(row["begin_day"]),
        expiry_day=_day_text(row["expiry_day"]),
        description=row["description"],
        released=row["released"],
        origin=pb.ContractOrigin.Value(f"CONTRACT_ORIGIN_{row['origin']}"),
        create_time=_timestamp(row["create_time"]),
        update_time=_timestamp(row["update_time"]),
        etag=etag_of(row["version"]),
        account_reference=row["account_reference"],
        account_masked=row["account_masked"],
        credit_account_reference=row["credit_account_reference"],
        credit_account_masked=row["credit_account_masked"],
    )


def written_contract(written: Contract, line_name: str) -> pb.Contract:
    """Return a contract that was just written."""
    return contract({**_columns(written), "line_name": line_name})


def values(given: pb.Contract) -> ContractValues:
    """Return what a caller states; raises INVALID for a day that is none."""
    if given.HasField("premium") and not given.premium.currency:
        raise invalid("contract.premium.currency", "Bitte geben Sie die Währung an.")
    return ContractValues(
        line_of_business_id=(
            parse_id(given.line_of_business_id, "contract.line_of_business_id")
            if given.line_of_business_id
            else UUID(int=0)
        ),
        number=given.number,
        insurer_name=given.insurer_name,
        insurer_number=given.insurer_number,
        status=status(given.status),
        premium=given.premium.minor_units if given.HasField("premium") else None,
        currency=given.premium.currency or "EUR",
        interval=Interval(pb.PaymentInterval.Name(given.payment_interval).removeprefix("PAYMENT_INTERVAL_")),
        begin=_day(given.begin_day, "contract.begin_day"),
        expiry=_day(given.expiry_day, "contract.expiry_day"),
        description=given.description,
    )


def status(given: pb.ContractStatus.ValueType) -> Status | None:
    """Return the status a caller names, or None if he names none."""
    return Status(pb.ContractStatus.Name(given).removeprefix("CONTRACT_STATUS_")) if given else None


def statuses(given: Iterable[pb.ContractStatus.ValueType]) -> list[Status]:
    """Return the statuses of a filter."""
    return [found for found in map(status, given) if found is not None]


def line(row: Row) -> pb.LineOfBusiness:
    """Return a line of business as callers see it."""
    return pb.LineOfBusiness(
        line_of_business_id=str(row["line_of_business_id"]),
        parent_id=str(row["parent_id"] or ""),
        name=row["name"],
        description=row["description"],
        gdv_key=row["gdv_key"],
    )


def portfolio_import(row: Row) -> pb.PortfolioImport:
    """Return an import as callers see it."""
    report = json.loads(row["report"]) if isinstance(row["report"], str) else row["report"]
    return pb.PortfolioImport(
        import_id=str(row["import_id"] or ""),
        file_name=row["file_name"],
        packages=row["packages"],
        records=row["records"],
        customers=row["customers"],
        contracts=row["contracts"],
        contracts_created=row["contracts_created"],
        contracts_updated=row["contracts_updated"],
        contracts_unchanged=row["contracts_unchanged"],
        skipped=[pb.SkippedRecords(record_type=kind, count=count) for kind, count in report["skipped"].items()],
        notes=[pb.ImportNote(record_number=at, field=field, message=text) for at, field, text in report["notes"]],
        imported_by_account_id=str(row["imported_by_account_id"] or ""),
        create_time=_timestamp(row["create_time"]) if row["create_time"] else None,
    )


def written_import(written: PortfolioImport) -> pb.PortfolioImport:
    """Return an import that was just written, or one that was only counted."""
    return portfolio_import(_columns(written))


def _columns(row: Contract | PortfolioImport) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _money(minor_units: int | None, currency: str) -> Money | None:
    return None if minor_units is None else Money(minor_units=minor_units, currency=currency)


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(field, "Diesen Tag gibt es nicht.") from None


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""
