"""What counts as an e-mail address."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_chassis.email_addresses import is_email_address


@pytest.mark.parametrize(
    "text", ["julia@mail.example", "a.b+c@sub.mail.example", "o'neil@x-y.example", "J@M.DE", f"{'a' * 64}@b.example"]
)
def test_addresses_that_mail_reaches(text: str) -> None:
    """F142: whatever people ordinarily have."""
    assert is_email_address(text)
    assert Address(addr_spec=text).addr_spec == text


@pytest.mark.parametrize(
    "text",
    [
        "", "julia", "@mail.example", "julia@", "anna..x@mail.example", ".a@b.example", "a.@b.example", "a@b..example",
        "a@-b.example", "a@b-.example", "a b@c.example", "a@b@c.example", "a@localhost", "ä@b.example", "a@b.example\n",
        "<a@b.example>", '"a b"@c.example', f"{'a' * 65}@b.example", f"a@{'b.' * 130}example",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    """F142: also what validation in protos lets pass: dots at the ends of the first part, or two of them."""
    assert not is_email_address(text)


@given(st.text(alphabet="aB1.+-_'@\"<>() ä\n", max_size=20))
def test_every_address_can_stand_in_a_mail(text: str) -> None:
    """F142: no address that counts as one makes a mail impossible to write."""
    if is_email_address(text):
        assert Address(addr_spec=text).addr_spec == text
