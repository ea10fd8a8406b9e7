"""What people change about their own access: one-time codes, password, e-mail address, sessions; and who is told."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1 import events_pb2 as events
from kontor.identity.v1 import signin_steps_pb2 as steps
from kontor_identity.directory import DIRECTORY
from kontor_identity.pace import STEADY_SECONDS
from kontor_identity.security_tables import EmailChange, SignInTicket
from sqlalchemy import select, text

from services.identity.tests.identity_office import PASSWORD, Platform, add_operator
from services.identity.tests.integration.test_second_factor import (
    OPERATOR,
    claims_of,
    finished,
    refusal,
    with_password,
)

pytestmark = pytest.mark.integration

COLLEAGUE = "kollegin@kontor.example"
NEW = "Kaktus-Nebel-Hafen-Uhr"
Kind = pb.AccountEventKind


async def published(platform: Platform, event_class: type[Message]) -> list[Any]:
    """Return the events of a class that the outbox holds, oldest first."""
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        statement = text("SELECT payload FROM outbox WHERE type = :type ORDER BY position")
        rows = await tx.session.execute(statement, {"type": event_class.DESCRIPTOR.full_name})
        return [event_class.FromString(row.payload) for row in rows]


async def told(platform: Platform) -> list[int]:
    """Return what people were told by mail."""
    return [event.kind for event in await published(platform, events.AccountEventRecorded)]


async def mailed_code(platform: Platform) -> str:
    """Return the code in the latest mail."""
    asked = (await published(platform, events.SignInCodeRequested))[-1]
    minted = await platform.identity.steps.MintSignInCode(steps.MintSignInCodeRequest(ticket_id=asked.ticket_id))
    return minted.code


async def test_a_code_by_mail_replaces_the_password(platform: Platform) -> None:
    """Section 7 ID: six digits, in this browser only, once; a session of one factor."""
    browser = platform.browser()
    start = await browser.http.get("/oauth/authorize", params=browser.authorization())
    form = start.headers["location"].replace("/login?", "/login/code?")
    sent = await browser.submit(form, email=OPERATOR)
    code = await mailed_code(platform)
    assert (len(code), code.isdecimal()) == (6, True)
    page = sent.headers["location"]
    elsewhere = await platform.browser().http.get(page)
    assert elsewhere.headers["location"].startswith("/login?")
    wrong = await browser.submit(page, code=f"{(int(code) + 1) % 10**6:06d}")
    assert "nicht richtig" in wrong.text
    tokens = await finished(browser, await browser.submit(page, code=f"{code[:3]} {code[3:]}"))
    assert claims_of(tokens["access_token"])["acr"] == "1"
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        kept = (await tx.session.execute(select(SignInTicket))).scalars().all()
    assert not any(code.encode() in ticket.ticket_hash for ticket in kept)


async def test_codes_tell_nobody_who_has_an_account(platform: Platform) -> None:
    """F96: the same pages, the same cookies, the same refusals for an address without an account."""
    answers = []
    for email in (OPERATOR, "niemand@mail.example"):
        browser = platform.browser()
        sent = await browser.submit("/login/code", email=email)
        wrong = await browser.submit(sent.headers["location"], code="000000")
        neutral = wrong.text.replace(browser.http.cookies["office_form"], "")
        answers.append((sent.status_code, sent.headers["location"], wrong.status_code, len(neutral)))
    assert answers[0] == answers[1]
    assert len(await published(platform, events.SignInCodeRequested)) == 1


async def test_codes_end_after_ten_minutes_and_five_tries(platform: Platform) -> None:
    """Section 7 ID: then the person begins again."""
    late, guessing = platform.browser(), platform.browser()
    page = (await late.submit("/login/code", email=OPERATOR)).headers["location"]
    code = await mailed_code(platform)
    platform.identity.clock.advance(timedelta(minutes=10))
    assert "Bitte beginnen Sie noch einmal" in (await late.submit(page, code=code)).text
    page = (await guessing.submit("/login/code", email=OPERATOR)).headers["location"]
    code = await mailed_code(platform)
    for _ in range(5):
        await guessing.submit(page, code="99999" if code != "99999" else "11111")
    assert "Bitte beginnen Sie noch einmal" in (await guessing.submit(page, code=code)).text


async def test_mails_with_codes_are_limited_but_not_for_known_devices(platform: Platform) -> None:
    """F96: a stranger cannot fill a mailbox, and cannot take the code away from the person himself."""
    home, stranger = platform.browser(), platform.browser()
    await home.tokens(OPERATOR)
    for _ in range(5):
        await stranger.submit("/login/code", email=OPERATOR)
    assert len(await published(platform, events.SignInCodeRequested)) == 3
    await home.submit("/login/code", email=OPERATOR)
    assert len(await published(platform, events.SignInCodeRequested)) == 4


async def test_a_firm_under_attack_asks_unknown_devices_for_a_code(platform: Platform) -> None:
    """F96: a hundred failures at one firm's accounts from everywhere slow nobody; known devices notice nothing."""
    home = platform.browser()
    await home.tokens(OPERATOR)
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        await tx.session.execute(text("DELETE FROM login_throttles"))
        await tx.commit()
    for number in range(100):
        stranger = platform.browser()
        stranger.http.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        email = OPERATOR if number < 4 else f"person{number}@mail.example"
        await stranger.submit("/login?firm=kontor", email=email, password="Sommer2026!")
    away = platform.browser()
    away.http.headers["X-Forwarded-For"] = "203.0.113.9"
    asked = await with_password(away)
    assert asked.headers["location"].startswith("/login/code/enter?")
    code = await mailed_code(platform)
    await finished(away, await away.submit(asked.headers["location"], code=code))
    again = await home.submit("/login?again=1", email=OPERATOR, password=PASSWORD)
    assert again.headers["location"] == "/auth/login"


async def test_a_new_device_is_told_and_a_first_one_is_not(platform: Platform) -> None:
    """Section 7 ID: new-device notice; the same browser again, and the very first one, are no news."""
    home = platform.browser()
    await home.tokens(OPERATOR)
    home.http.cookies.delete("office_browser")
    await home.tokens(OPERATOR)
    assert await told(platform) == []
    other = platform.browser()
    other.http.headers["User-Agent"] = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1"
        " Mobile/15E148 Safari/604.1"
    )
    tokens = await other.tokens(OPERATOR)
    assert await told(platform) == [Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE]
    notice = (await published(platform, events.AccountEventRecorded))[0]
    asked = steps.GetAccountEventRequest(account_event_id=notice.account_event_id)
    assert (await platform.identity.steps.GetAccountEvent(asked)).event.device == "Safari auf iPhone"
    account = platform.identity.account_security(tokens["access_token"])
    listed = (await account.ListAccountEvents(pb.ListAccountEventsRequest())).events
    kinds = [event.kind for event in listed]
    assert kinds == [Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE, *[Kind.ACCOUNT_EVENT_KIND_SIGNED_IN] * 2]


async def test_another_password_ends_the_other_sessions(platform: Platform) -> None:
    """The person stays, all others go, the person is told; common and personal passwords are refused with advice."""
    home, other = platform.browser(), platform.browser()
    there = await other.tokens(OPERATOR)
    here = await home.tokens(OPERATOR)
    account = platform.identity.account_security(here["access_token"])
    common = await refusal(account.ChangePassword(pb.ChangePasswordRequest(password="passwort2026")))
    assert (common.reason, "vier Wörter" in common.message) == ("PASSWORD_TOO_COMMON", True)
    changed = await account.ChangePassword(pb.ChangePasswordRequest(password=NEW))
    assert changed.session_count == 1
    assert (await home.refresh(here["refresh_token"])).status_code == 200
    assert (await other.refresh(there["refresh_token"])).status_code == 400
    assert len(await published(platform, events.PasswordChanged)) == 1
    assert await platform.browser().tokens(OPERATOR, NEW)


async def test_all_other_sessions_end_at_once(platform: Platform) -> None:
    """Section 7 ID: session list with sign-out of one or all others."""
    home, other = platform.browser(), platform.browser()
    there = await other.tokens(OPERATOR)
    here = await home.tokens(OPERATOR)
    account = platform.identity.account_security(here["access_token"])
    assert (await account.RevokeOtherSessions(pb.RevokeOtherSessionsRequest())).ended_count == 1
    assert (await other.refresh(there["refresh_token"])).status_code == 400
    assert (await home.refresh(here["refresh_token"])).status_code == 200


async def test_another_address_takes_effect_only_when_confirmed(platform: Platform) -> None:
    """Section 7 ID: link to the new address, notices to both; following the link alone changes nothing."""
    browser = platform.browser()
    tokens = await browser.tokens(OPERATOR)
    account = platform.identity.account_security(tokens["access_token"])
    asked = await account.RequestEmailChange(pb.RequestEmailChangeRequest(email="Neu@Kontor.example"))
    assert (asked.email, asked.pending_email) == (OPERATOR, "neu@kontor.example")
    change = (await published(platform, events.EmailChangeRequested))[0]
    mail = await platform.identity.steps.MintEmailChangeLink(
        steps.MintEmailChangeLinkRequest(change_id=change.change_id)
    )
    assert mail.new_email == "neu@kontor.example"
    path = mail.url.removeprefix("http://localhost:8080")
    page = await browser.http.get(path)
    assert "neu@kontor.example" in page.text
    assert (await account.GetAccountSecurity(pb.GetAccountSecurityRequest())).email == OPERATOR
    done = await browser.send(page, path)
    assert "Ihre E-Mail-Adresse ist geändert" in done.text
    assert (await browser.http.get(path)).status_code == 410
    assert await platform.browser().tokens("neu@kontor.example")
    assert await told(platform) == [
        Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_REQUESTED,
        Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGED,
        Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE,
    ]
    notice = (await published(platform, events.AccountEventRecorded))[1]
    asked_event = steps.GetAccountEventRequest(account_event_id=notice.account_event_id)
    assert (await platform.identity.steps.GetAccountEvent(asked_event)).former_email == OPERATOR


async def test_a_taken_address_is_never_told_nor_taken(platform: Platform) -> None:
    """The answer is the same; no link goes out, so nobody loses his user name and nobody learns of it."""
    await add_operator(platform.identity.service, COLLEAGUE)
    tokens = await platform.browser().tokens(OPERATOR)
    account = platform.identity.account_security(tokens["access_token"])
    asked = await account.RequestEmailChange(pb.RequestEmailChangeRequest(email=COLLEAGUE))
    assert asked.pending_email == COLLEAGUE
    change = (await published(platform, events.EmailChangeRequested))[0]
    minted = platform.identity.steps.MintEmailChangeLink(steps.MintEmailChangeLinkRequest(change_id=change.change_id))
    assert (await refusal(minted)).reason == "EMAIL_LINK_INVALID"


async def test_a_change_of_address_is_withdrawn_replaced_and_ends(platform: Platform) -> None:
    """States in `email_changes`: withdrawn, replaced by another one, expired after a day."""
    tokens = await platform.browser().tokens(OPERATOR)
    account = platform.identity.account_security(tokens["access_token"])
    for email in ("a@kontor.example", "b@kontor.example"):
        await account.RequestEmailChange(pb.RequestEmailChangeRequest(email=email))
    first, second = await published(platform, events.EmailChangeRequested)
    mint = platform.identity.steps.MintEmailChangeLink
    replaced = await refusal(mint(steps.MintEmailChangeLinkRequest(change_id=first.change_id)))
    assert replaced.reason == "EMAIL_LINK_INVALID"
    token = (await mint(steps.MintEmailChangeLinkRequest(change_id=second.change_id))).url.rpartition("/")[2]
    left = await account.CancelEmailChange(pb.CancelEmailChangeRequest())
    assert left.pending_email == ""
    assert (await platform.browser().http.get(f"/email/{token}")).status_code == 410
    await account.RequestEmailChange(pb.RequestEmailChangeRequest(email="c@kontor.example"))
    platform.identity.clock.advance(timedelta(hours=25))
    assert (await account.GetAccountSecurity(pb.GetAccountSecurityRequest())).pending_email == ""
    async with platform.identity.service.platform.work.work(DIRECTORY) as tx:
        changes = (await tx.session.execute(select(EmailChange))).scalars().all()
    assert not any(change.confirmed for change in changes)
    assert {change.account_id for change in changes} == {UUID(claims_of(tokens["access_token"])["sub"])}


async def test_a_forgotten_password_tells_nobody_who_has_an_account(platform: Platform) -> None:
    """F96: the same page, word for word, and never faster than the steady pace, for an address without an account."""
    answers = []
    for email in (OPERATOR, "niemand@x.example"):
        browser = platform.browser()
        began = perf_counter()
        sent = await browser.submit("/password", email=email)
        assert perf_counter() - began >= STEADY_SECONDS
        answers.append((sent.status_code, sent.text.replace(email, "")))
    assert answers[0] == answers[1]
