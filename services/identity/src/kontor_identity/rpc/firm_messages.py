"""Rows about the life of firms to messages; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1 import firms_pb2 as pb
from kontor.identity.v1 import tenants_pb2
from kontor_chassis.errors import invalid
from kontor_chassis.etags import etag_of

from kontor_identity.firm_overviews import FirmSize
from kontor_identity.firm_tables import PlanRow
from kontor_identity.processing_agreements import AgreementView
from kontor_identity.rpc.messages import tenant as tenant_message
from kontor_identity.rpc.messages import timestamp
from kontor_identity.tables import Tenant
from kontor_identity.trials import extension_price


def firm(row: Tenant, size: FirmSize, place: int) -> pb.Firm:
    """Return a firm as the operator sees it."""
    return pb.Firm(
        tenant=tenant_message(row),
        channel=pb.RegistrationChannel.ValueType(row.channel),
        note=row.note,
        queue_position=place,
        plan=pb.Plan.ValueType(row.plan),
        plan_choose_time=timestamp(row.plan_chosen_at),
        contract_signed_on=row.contract_signed_on.isoformat() if row.contract_signed_on else "",
        contacts=size.contacts,
        staff=size.staff,
        last_active_time=timestamp(size.last_active_at),
        homepage=row.homepage,
        homepage_verify_time=timestamp(row.homepage_verified_at),
        ihk_verify_time=timestamp(row.ihk_verified_at),
        processing_version=size.processing_version,
        processing_accept_time=timestamp(size.processing_accepted_at),
        deletion_due_time=timestamp(row.deletion_due_at),
        directory_listed=row.directory_listed,
    )


def own_firm(row: Tenant, terms: PlanRow | None, contacts: int, *, processing_accepted: bool) -> pb.OwnFirm:
    """Return a firm as its own people see it."""
    return pb.OwnFirm(
        tenant_id=str(row.tenant_id),
        kind=tenants_pb2.TenantKind.ValueType(row.kind),
        state=tenants_pb2.TenantState.ValueType(row.state),
        trial_end_time=timestamp(row.trial_ends_at),
        deletion_due_time=timestamp(row.deletion_due_at),
        plan=pb.Plan.ValueType(row.plan),
        terms=plan_terms(terms) if terms is not None else None,
        contacts=contacts,
        extension_net=extension_price(),
        homepage=row.homepage,
        homepage_verified=row.homepage_verified_at is not None,
        ihk_number=row.ihk_number,
        ihk_verified=row.ihk_verified_at is not None,
        directory_listed=row.directory_listed,
        directory_text=row.directory_text,
        processing_accepted=processing_accepted,
        etag=etag_of(row.version),
    )


def plan_terms(row: PlanRow, *, recommended: bool = False) -> pb.PlanTerms:
    """Return a plan's terms."""
    return pb.PlanTerms(
        plan=pb.Plan.ValueType(row.plan),
        max_contacts=row.max_contacts or 0,
        storage_bytes=row.storage_bytes or 0,
        interfaces=row.interfaces,
        base_net=_money(row.base_net_cents),
        contact_net=_money(row.contact_net_cents or None),
        setup_net=_money(row.setup_net_cents),
        recommended=recommended,
    )


def plan_row(given: pb.PlanTerms, valid_from: str) -> PlanRow:
    """Return the terms that came in; 0 is no limit, a price that is not set is given on request."""
    try:
        first_day = date.fromisoformat(valid_from)
    except ValueError:
        raise invalid("valid_from", "Dieses Datum gibt es nicht.") from None
    return PlanRow(
        plan=given.plan,
        valid_from=first_day,
        max_contacts=given.max_contacts or None,
        storage_bytes=given.storage_bytes or None,
        interfaces=given.interfaces,
        base_net_cents=given.base_net.minor_units if given.HasField("base_net") else None,
        contact_net_cents=given.contact_net.minor_units,
        setup_net_cents=given.setup_net.minor_units if given.HasField("setup_net") else None,
    )


def catalogue(rows: Sequence[PlanRow], recommended: int) -> pb.PlanCatalogue:
    """Return the plans of the day."""
    return pb.PlanCatalogue(plans=[plan_terms(row, recommended=row.plan == recommended) for row in rows])


def agreement(view: AgreementView) -> pb.ProcessingAgreement:
    """Return a version of the processing agreement and the proof of its acceptance."""
    accepted = view.acceptance
    return pb.ProcessingAgreement(
        version=view.text.version,
        body=view.text.body,
        sha256=view.text.sha256,
        publish_time=timestamp(view.text.published_at),
        accept_time=timestamp(accepted.accepted_at) if accepted else None,
        accepted_by=accepted.display_name if accepted else "",
    )


def adviser(row: Tenant) -> pb.Adviser:
    """Return an entry of the directory; facts that are not verified are left out (F92)."""
    return pb.Adviser(
        name=row.name,
        slug=row.slug,
        kind=tenants_pb2.TenantKind.ValueType(row.kind),
        postal_code=row.postal_code,
        city=row.city,
        phone=row.phone,
        text=row.directory_text,
        homepage=row.homepage if row.homepage_verified_at else "",
        ihk_number=row.ihk_number if row.ihk_verified_at else "",
    )


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(minor_units=cents, currency="EUR")
