"""Declared authorization: the whole table of who passes which rule."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from kontor.common.v1.access_pb2 import Area, AuthLevel, Right, Role
from kontor_chassis.clock import SystemClock
from kontor_chassis.errors import DomainError
from kontor_chassis.interceptors.access import AccessRule
from kontor_chassis.principal import ANONYMOUS, Principal
from kontor_chassis.tokens import person_of

from libs.chassis.tests.parcels import ACCESS, DESCRIPTOR, UNDECLARED


def person(
    *roles: str, rights: tuple[str, ...] = (), acr: str = "1", idl: str = "1", age: float = 3600, viewer: str = ""
) -> Principal:
    """A person as his token would prove him; he signed in `age` seconds ago, `viewer` looks on in his place."""
    signed_in = SystemClock().now().timestamp() - age
    claims = {"sub": str(uuid4()), "roles": roles, "rights": rights, "acr": acr, "idl": idl, "auth_time": signed_in}
    return person_of({**claims, **({"act": {"sub": viewer}} if viewer else {})}, "token")


CALLERS = {
    "nobody": ANONYMOUS,
    "customer": person("CUSTOMER"),
    "customer, proven": person("CUSTOMER", idl="2"),
    "staff looking as a customer": person("CUSTOMER", viewer=str(uuid4())),
    "staff with chat looking as a customer": person("CUSTOMER", rights=("CHAT",), viewer=str(uuid4())),
    "staff": person("STAFF"),
    "staff with chat": person("STAFF", rights=("CHAT",)),
    "staff with invite": person("STAFF", rights=("INVITE",)),
    "staff, two factors": person("STAFF", acr="2"),
    "staff, just now": person("STAFF", age=0),
    "administrator": person("ADMINISTRATOR"),
    "expert": person("EXPERT"),
    "operator": person("OPERATOR"),
    "billing": Principal.of_service("billing"),
    "vault": Principal.of_service("vault"),
}
STAFF = {"staff", "staff with chat", "staff with invite", "staff, two factors", "staff, just now", "administrator"}
ALLOWED = {
    "Open": set(CALLERS),
    "ForCustomers": {"customer", "customer, proven"},
    "ForStaff": STAFF,
    "ForChat": {"customer", "customer, proven", "staff with chat", "administrator"},
    "ForStrong": {"staff, two factors"},
    "ForFresh": {"staff, just now"},
    "ForProven": {"customer, proven", "staff looking as a customer", "staff with chat looking as a customer"} | STAFF,
    "ForViewing": {
        "customer",
        "customer, proven",
        "staff looking as a customer",
        "staff with chat looking as a customer",
    },
    "ForChatViewing": {"customer", "customer, proven", "staff with chat looking as a customer"},
    "ForBilling": {"billing"},
    "ForAnyService": {"billing", "vault"},
    "Watch": STAFF,
}


@pytest.mark.parametrize("method", ACCESS)
@pytest.mark.parametrize("caller", CALLERS)
def test_authorization_table(method: str, caller: str) -> None:
    """Each caller passes exactly the rules that name him (F194: rights are granted one by one)."""
    rule = AccessRule.declared_by(DESCRIPTOR.methods_by_name[method])
    assert rule is not None
    try:
        rule.admit(CALLERS[caller])
        passed = True
    except DomainError:
        passed = False
    assert passed == (caller in ALLOWED[method])


@pytest.mark.parametrize(
    ("method", "caller", "reason"),
    [
        ("ForStaff", "nobody", "NOT_SIGNED_IN"),
        ("ForStaff", "customer", "ROLE_NOT_ALLOWED"),
        ("ForChat", "staff", "RIGHT_MISSING"),
        ("ForStrong", "staff", "STRONGER_LOGIN_REQUIRED"),
        ("ForFresh", "staff", "FRESH_LOGIN_REQUIRED"),
        ("ForProven", "customer", "IDENTITY_LEVEL_REQUIRED"),
        ("ForCustomers", "staff looking as a customer", "VIEW_ONLY"),
        ("ForChatViewing", "staff looking as a customer", "RIGHT_MISSING"),
        ("ForBilling", "vault", "SERVICE_NOT_ALLOWED"),
        ("ForStaff", "billing", "SERVICE_NOT_ALLOWED"),
        ("ForBilling", "nobody", "NOT_SIGNED_IN"),
    ],
)
def test_refusals_say_why(method: str, caller: str, reason: str) -> None:
    """A client can tell "sign in" from "sign in more strongly" from "you may not"."""
    rule = AccessRule.declared_by(DESCRIPTOR.methods_by_name[method])
    assert rule is not None
    with pytest.raises(DomainError) as refused:
        rule.admit(CALLERS[caller])
    assert refused.value.reason == reason


def test_a_token_that_names_no_sign_in_is_never_fresh() -> None:
    """A token without `auth_time` proves nothing about when its person signed in."""
    rule = AccessRule.declared_by(DESCRIPTOR.methods_by_name["ForFresh"])
    assert rule is not None
    with pytest.raises(DomainError) as refused:
        rule.admit(person_of({"sub": str(uuid4()), "roles": ["STAFF"]}, "token"))
    assert (refused.value.reason, refused.value.metadata["max_age"]) == ("FRESH_LOGIN_REQUIRED", "300")


def test_a_right_that_staff_lack_is_not_lent_by_a_second_role() -> None:
    """F194: who is staff without the right, and a customer as well, acts as the customer only."""
    rule = AccessRule.declared_by(DESCRIPTOR.methods_by_name["ForChat"])
    assert rule is not None
    both = person("STAFF", "CUSTOMER")
    assert rule.admit(both).roles == {Role.ROLE_CUSTOMER}
    assert rule.admit(person("STAFF", "CUSTOMER", rights=("CHAT",))).roles == both.roles
    with pytest.raises(DomainError, match="RIGHT_MISSING"):
        rule.admit(person("STAFF", "EXPERT"))


def test_undeclared_rpc_has_no_rule() -> None:
    """An RPC without the option is found, not let through."""
    assert AccessRule.declared_by(UNDECLARED.methods_by_name["Forgotten"]) is None


def test_administrator_is_staff_with_every_right() -> None:
    """The token names only ADMINISTRATOR; the principal is staff, too, and has all rights (F194)."""
    administrator = CALLERS["administrator"]
    assert administrator.is_staff
    assert administrator.rights == set(Right.values()) - {Right.RIGHT_UNSPECIFIED}
    assert administrator.level == AuthLevel.AUTH_LEVEL_PASSWORD


def test_roles_of_a_later_version_are_ignored() -> None:
    """During a rolling update another replica may already issue roles that this one does not know."""
    assert person("STAFF", "AUDITOR").roles == {Role.ROLE_STAFF}


def test_a_closed_part_of_the_office_is_refused_to_customers_only() -> None:
    """F53: what a firm has closed its customers are refused wherever the RPC says that it belongs there."""
    rule = AccessRule.declared_by(DESCRIPTOR.methods_by_name["ForViewing"])
    assert rule is not None
    chat = replace(rule, area=Area.AREA_MESSAGES, roles=rule.roles | {Role.ROLE_STAFF})
    claims = {"sub": str(uuid4()), "closed": ["MESSAGES", "SOMETHING_NEW"]}
    customer = person_of({**claims, "roles": ["CUSTOMER"]}, "token")
    with pytest.raises(DomainError, match="AREA_CLOSED"):
        chat.admit(customer)
    replace(chat, area=Area.AREA_DOCUMENTS).admit(customer)
    rule.admit(customer)
    chat.admit(person_of({**claims, "roles": ["STAFF"]}, "token"))
