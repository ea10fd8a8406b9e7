"""Mails tell nobody that they were read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from string import Template

import pytest
from kontor_chassis.ids import new_id
from kontor_notifications.mail_texts import TEXTS
from kontor_notifications.mails import Addressee, Firm, Outgoing, compose_mail
from kontor_notifications.wording import Form

LINK = "https://office.hansen.example/kunde"


@pytest.mark.parametrize("template", sorted(TEXTS))
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_picture_counts_and_every_link_is_the_page(template: str, language: str) -> None:
    """F93: no picture or style is loaded when a mail is opened, and links lead straight to the firm's pages."""
    text = TEXTS[template]
    names = {name for said in (text.subject, text.formal) for name in Template(said).get_identifiers()}
    firm = Firm("Hansen & Partner", "buero@hansen.example", "040 123456", "Hamburg", "#12355b")
    addressee = Addressee("julia@mail.example", "Julia Brandt", "Guten Tag", Form.SIE, language)
    parameters = dict.fromkeys(names, "x")
    written = datetime(2026, 7, 1, 10, tzinfo=UTC)
    mail = Outgoing(new_id(), template, parameters, firm, addressee, LINK, written)
    body = compose_mail(mail, "post@kontor.example").get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert not re.search(r"<img|<link|background(-image)?\s*[=:]\s*[\"']?\s*url|@import", html)
    assert set(re.findall(r'href="([^"]+)"', html)) <= {LINK}
