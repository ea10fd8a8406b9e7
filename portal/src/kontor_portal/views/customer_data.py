"""„Meine Daten“: person, address, contacts, bank accounts, household and history on one page (F148–F155)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.contracts.v1 import contracts_pb2
from kontor.identity.v1 import households_pb2
from kontor.identity.v1 import master_data_pb2 as pb
from kontor.identity.v1.tenants_pb2 import Address

from kontor_portal import gateway
from kontor_portal.bank_uses import AccountUse, uses_of_accounts
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, address_in, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import contact_kind, marital_status
from kontor_portal.reading import optional
from kontor_portal.requests import signed_in

customer_data = Blueprint("customer_data", __name__)

_PAGE: Final = "/kunde/daten"


@customer_data.get(_PAGE)
def data() -> ResponseReturnValue:
    """Show everything."""
    return _show(Form(), "")


@customer_data.post(f"{_PAGE}/person")
def person() -> ResponseReturnValue:
    """Change family name, title or marital status (F149–F151)."""
    values = sent()
    status = {str(value): value for value in pb.MaritalStatus.values()}
    wanted = pb.ChangePersonRequest(
        customer_id=signed_in().customer_id,
        family_name=values.get("family_name", ""),
        title=values.get("title", ""),
        marital_status=status.get(values.get("marital_status", ""), pb.MARITAL_STATUS_UNSPECIFIED),
        marital_since=values.get("marital_since", ""),
        request_id=new_request_id(),
    )
    return _changed(lambda: gateway.master_data().ChangePerson(wanted), "person")


@customer_data.post(f"{_PAGE}/anschrift")
def address() -> ResponseReturnValue:
    """Change the address; one that the directory does not know is shown again with what may be meant (F152)."""
    values = sent()
    given = address_in(values)
    wanted = pb.ChangeAddressRequest(
        customer_id=signed_in().customer_id,
        address=given,
        confirmed=values.get("confirmed") == "1",
        request_id=new_request_id(),
    )
    try:
        outcome = gateway.master_data().ChangeAddress(wanted)
    except grpc.RpcError as error:
        form = refused(error)
        if form.problem is not None and form.problem.reason == "ADDRESS_NOT_CONFIRMED":
            check = gateway.master_data().CheckAddress(pb.CheckAddressRequest(address=given))
            return _show(Form(values), "address", given=given, proposals=tuple(check.proposals))
        return _show(form, "address")
    return tell_outcome(outcome)


@customer_data.post(f"{_PAGE}/kontakt")
def contact() -> ResponseReturnValue:
    """Add, change or delete a number or address (F155)."""
    values = sent()
    kinds = {str(value): value for value in pb.ContactKind.values()}
    wanted = pb.ChangeContactRequest(
        customer_id=signed_in().customer_id,
        contact_id=values.get("contact_id", ""),
        kind=kinds.get(values.get("kind", ""), pb.CONTACT_KIND_UNSPECIFIED),
        value="" if values.get("action") == "delete" else values.get("value", ""),
        label=values.get("label", ""),
        primary_phone=values.get("primary_phone") == "1",
        request_id=new_request_id(),
    )
    return _changed(lambda: gateway.master_data().ChangeContact(wanted), "contact")


@customer_data.post(f"{_PAGE}/haushalt")
def invite() -> ResponseReturnValue:
    """Invite a further person of the household."""
    values = sent()
    is_guardian = values.get("standing") == "guardian"
    wanted = households_pb2.InviteHouseholdPersonRequest(
        customer_id=signed_in().customer_id,
        display_name=values.get("display_name", ""),
        email=values.get("email", ""),
        standing=households_pb2.STANDING_GUARDIAN if is_guardian else households_pb2.STANDING_INSURED,
        request_id=new_request_id(),
    )
    try:
        gateway.households().InviteHouseholdPerson(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), "household")
    flash(t("Die Einladung an %(email)s ist unterwegs.", email=wanted.email), "ok")
    return redirect(_PAGE, 303)


@customer_data.post(f"{_PAGE}/haushalt/<id:person_id>/entfernen")
def remove(person_id: str) -> ResponseReturnValue:
    """End a further person's access."""
    wanted = households_pb2.RemoveHouseholdPersonRequest(
        customer_id=signed_in().customer_id, household_person_id=person_id, request_id=new_request_id()
    )
    try:
        gateway.households().RemoveHouseholdPerson(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), "household")
    flash(t("Der Zugang ist beendet."), "ok")
    return redirect(_PAGE, 303)


def _changed(change: Callable[[], pb.ChangeOutcome], part: str) -> ResponseReturnValue:
    try:
        return tell_outcome(change())
    except grpc.RpcError as error:
        return _show(refused(error), part)


def tell_outcome(outcome: pb.ChangeOutcome) -> ResponseReturnValue:
    """Say "received", never "done", of what is not done yet (decision 7)."""
    if outcome.outcome == pb.OUTCOME_REQUESTED:
        said = t(
            "Ihr Wunsch ist eingegangen. Ihr Ansprechpartner prüft ihn.",
            du="Dein Wunsch ist eingegangen. Dein Ansprechpartner prüft ihn.",
        )
    elif outcome.outcome == pb.OUTCOME_RECEIVED:
        said = t(
            "Ihr Wunsch ist eingegangen. Ein Sachbearbeiter meldet sich bei Ihnen.",
            du="Dein Wunsch ist eingegangen. Ein Sachbearbeiter meldet sich bei dir.",
        )
    else:
        said = t("Ihre Daten sind gespeichert.", du="Deine Daten sind gespeichert.")
    flash(said, "ok")
    return redirect(_PAGE, 303)


def _account_uses() -> Mapping[str, AccountUse]:
    """Return what the customer's insurers use which account for (F156)."""
    ask = contracts_pb2.ListContractsRequest(customer_id=signed_in().customer_id, page_size=100)
    listed = optional(lambda: gateway.contracts().ListContracts(ask), contracts_pb2.ListContractsResponse())
    return uses_of_accounts(listed.contracts)


def _show(
    form: Form, part: str, *, given: Address | None = None, proposals: tuple[Address, ...] = ()
) -> ResponseReturnValue:
    """`part` names the section whose form was refused."""
    customer_id, service = signed_in().customer_id, gateway.master_data()
    household = optional(
        lambda: gateway.households().ListHouseholdPersons(
            households_pb2.ListHouseholdPersonsRequest(customer_id=customer_id, page_size=50)
        ),
        households_pb2.ListHouseholdPersonsResponse(),
    )
    changes = service.ListMasterDataChanges(pb.ListMasterDataChangesRequest(customer_id=customer_id, page_size=20))
    return render_template(
        "customer/data.html",
        page=service.GetMasterData(pb.GetMasterDataRequest(customer_id=customer_id)),
        uses=_account_uses(),
        household=tuple(household.persons),
        changes=tuple(changes.changes),
        titles=(Choice("", t("ohne Titel")), *(Choice(title, title) for title in ("Dr.", "Prof.", "Prof. Dr."))),
        statuses=tuple(Choice(str(value), marital_status(value)) for value in pb.MaritalStatus.values()),
        kinds=tuple(Choice(str(value), contact_kind(value)) for value in pb.ContactKind.values() if value),
        form=form,
        part=part,
        given=given,
        proposals=proposals,
    ), form.status
