"""What mails look like and how long we try, without a database."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.ids import new_id
from kontor_notifications.consumers import in_german
from kontor_notifications.deliveries import LONGEST_PAUSE, MOST_ATTEMPTS, Outcome, Result, pause_after, settle
from kontor_notifications.mail_texts import TEXTS
from kontor_notifications.mails import Addressee, Firm, Outgoing, compose_mail
from kontor_notifications.priorities import Priority, priority_of
from kontor_notifications.tables import Delivery, DeliveryState
from kontor_notifications.wording import Form

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
FIRM = Firm(
    "Hansen & Partner <Makler>", "buero@hansen.example", "040 123456", "Elbchaussee 1, 22765 Hamburg", "#12355b"
)
ORDERS_AND_INVOICES = ("service_title", "expert_firm_name", "state", "reason", "number", "gross", "expires")
EMERGENCIES = ("customer", "requester", "supporters", "release", "ends", "person")
ACCOUNTS = ("code", "device", "moment", "detail")
TRIALS = ("day", "left")
VIEWS = ("viewer",)
RAFFLES, STORAGE, REMINDERS = ("prize",), ("percent",), ("due", "open", "count", "fee_note")
NAMES = (*ORDERS_AND_INVOICES, *EMERGENCIES, *ACCOUNTS, *TRIALS, *VIEWS, *RAFFLES, *STORAGE, *REMINDERS)
PARAMETERS = {name: f"<{name}>" for name in NAMES}


def mail(template: str, form: Form = Form.SIE, **changes: object) -> EmailMessage:
    """Compose a mail of a kind."""
    addressee = Addressee("julia@mail.example", "Julia\r\nBcc: x@y.example Brandt", "Sehr geehrte Frau Brandt", form)
    outgoing = Outgoing(new_id(), template, PARAMETERS, FIRM, addressee, "https://kontor.example/kunde", NOW)
    return compose_mail(outgoing, "post@kontor.example")


@pytest.mark.parametrize("template", sorted(TEXTS))
@pytest.mark.parametrize("form", list(Form))
def test_every_mail_in_both_forms(template: str, form: Form) -> None:
    """F172: every kind of mail exists formally and informally, as text and HTML, in the firm's name and colour."""
    message = mail(template, form)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    plain, page = text.get_content(), html.get_content()
    assert plain.startswith("Sehr geehrte Frau Brandt,")
    assert "#12355b" in page
    assert "Hansen &amp; Partner &lt;Makler&gt;" in page
    assert "<service_title>" not in page, "parameters are escaped"
    assert "$" not in plain
    if TEXTS[template].button:
        assert "https://kontor.example/kunde" in plain
    said = TEXTS[template].informal if form is Form.DU else TEXTS[template].formal
    words = set(said.translate(str.maketrans("", "", string.punctuation + "„“")).split())
    foreign = {"Sie", "Ihnen", "Ihr", "Ihre"} if form is Form.DU else {"du", "dich", "dir", "dein", "deine"}
    assert not words & foreign
    assert message["From"] == '"Hansen & Partner <Makler>" <post@kontor.example>'


def test_headers_cannot_be_smuggled_in() -> None:
    """F142: names and titles stay within their header."""
    message = mail("order_placed")
    assert message["Bcc"] is None
    assert "\n" not in str(message["Subject"])
    assert message["Message-ID"].endswith("@kontor.example>")


def test_a_firm_without_a_usable_address_still_writes() -> None:
    """F142: answers have nowhere to go then; the mail itself goes out."""
    odd = replace(FIRM, email=".buero@hansen.example")
    addressee = Addressee("julia@mail.example", "Julia Brandt", "Guten Tag", Form.SIE)
    outgoing = Outgoing(new_id(), "order_placed", PARAMETERS, odd, addressee, "", NOW)
    message = compose_mail(outgoing, "post@kontor.example")
    assert message["Reply-To"] is None
    assert message["To"] == "Julia Brandt <julia@mail.example>"


def test_what_somebody_waits_for_goes_first() -> None:
    """F142: codes and links to sign in before all other mails about access, and those before invoices."""
    waited_for = {template for template in TEXTS if priority_of(template) is Priority.WAITED_FOR}
    assert waited_for == {"sign_in_code", "password_reset", "email_change"}
    assert priority_of("invitation") is Priority.ACCESS
    assert priority_of("account_new_device") is Priority.ACCESS
    assert priority_of("invoice_issued") is Priority.ORDINARY


def delivery() -> Delivery:
    """Return a pending delivery."""
    return Delivery(state=DeliveryState.PENDING, attempts=0, due_time=NOW, end_time=None, last_problem="")


def test_pauses_double_and_end() -> None:
    """F142: pauses double up to four hours; after 14 attempts, or a final no, we give up."""
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 4)] == [30, 60, 120, 240]
    assert pause_after(40) == LONGEST_PAUSE
    refused_now = Outcome(Result.LATER, "refused: 451")
    tried = delivery()
    for _ in range(MOST_ATTEMPTS - 1):
        settle(tried, refused_now, NOW)
        assert tried.state == DeliveryState.PENDING
    assert tried.due_time - NOW == LONGEST_PAUSE
    settle(tried, refused_now, NOW)
    assert (tried.state, tried.end_time) == (DeliveryState.FAILED, NOW)
    refused = delivery()
    settle(refused, Outcome(Result.NEVER, "refused: 550"), NOW)
    assert refused.state == DeliveryState.FAILED
    sent = delivery()
    settle(sent, Outcome(Result.SENT), NOW + timedelta(seconds=1))
    assert (sent.state, sent.attempts, sent.last_problem) == (DeliveryState.SENT, 1, "")


@pytest.mark.parametrize(
    ("cents", "text"), [(760, "7,60 €"), (123456789, "1.234.567,89 €"), (-905, "-9,05 €"), (0, "0,00 €")]
)
def test_amounts_as_germans_read_them(cents: int, text: str) -> None:
    """F13: amounts come from integer minor units."""
    assert in_german(Money(minor_units=cents, currency="EUR")) == text
