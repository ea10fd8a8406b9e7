"""Rules without I/O: names, passwords, pauses, colours, logos, seals, roles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.people_pb2 import AddressForm, Salutation
from kontor.identity.v1.tenants_pb2 import TenantKind
from kontor_chassis.errors import DomainError
from kontor_identity.colors import contrast
from kontor_identity.designs import NEUTRAL_ACCENT, NEUTRAL_PRIMARY
from kontor_identity.logos import logo_type
from kontor_identity.memberships import grantable_roles
from kontor_identity.names import display_name, fold, letter_greeting, search_patterns, search_text
from kontor_identity.passwords import PasswordVault, check_new_password
from kontor_identity.sealing import Sealer
from kontor_identity.throttles import LONGEST_PAUSE, pause_after, waiting_time

SIE, DU = AddressForm.ADDRESS_FORM_SIE, AddressForm.ADDRESS_FORM_DU


@pytest.mark.parametrize(
    ("form", "salutation", "title", "greeting"),
    [
        (SIE, Salutation.SALUTATION_FRAU, "Dr.", "Sehr geehrte Frau Dr. Brandt"),
        (SIE, Salutation.SALUTATION_HERR, "", "Sehr geehrter Herr Brandt"),
        (SIE, Salutation.SALUTATION_FAMILIE, "Dr.", "Sehr geehrte Familie Brandt"),
        (SIE, Salutation.SALUTATION_FIRMA, "", "Sehr geehrte Damen und Herren"),
        (SIE, Salutation.SALUTATION_UNSPECIFIED, "", "Guten Tag Julia Brandt"),
        (DU, Salutation.SALUTATION_FRAU, "Dr.", "Hallo Julia"),
    ],
)
def test_letters_open_as_german_letters_do(form: int, salutation: int, title: str, greeting: str) -> None:
    """F172: Sie or Du, with title and salutation."""
    assert letter_greeting(form, salutation, title, "Julia", "Brandt") == greeting


def test_names_in_one_line() -> None:
    """Households and companies have no given name."""
    assert display_name(Salutation.SALUTATION_FAMILIE, "", "Julia", "Brandt") == "Familie Brandt"
    assert display_name(Salutation.SALUTATION_HERR, "Dr.", "Mehmet", "Yildiz") == "Dr. Mehmet Yildiz"


def test_search_folds_and_escapes() -> None:
    """F191: umlauts both ways, wildcards mean themselves."""
    assert fold("  Krüger-Groß  ") == "krueger-gross"
    assert search_patterns("100%_x") == ["% 100\\%\\_x%"]
    assert "% gross%"[2:-1] in search_text("Krüger-Groß")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kurz", "PASSWORD_TOO_SHORT"),
        ("x" * 257, "PASSWORD_TOO_LONG"),
        ("aaaaaaaaaaaa", "PASSWORD_TOO_COMMON"),
        ("Sommer2026!", "PASSWORD_TOO_COMMON"),
        ("passwort123", "PASSWORD_TOO_COMMON"),
        ("1234567890", "PASSWORD_TOO_COMMON"),
        ("Petersen-26", "PASSWORD_TOO_PERSONAL"),
    ],
)
def test_weak_passwords_are_refused(password: str, reason: str) -> None:
    """F96: too short, common also in German and with additions, or the person's own name."""
    with pytest.raises(DomainError) as refused:
        check_new_password(password, personal=("Jonas", "Petersen", "jonas.petersen"))
    assert refused.value.reason == reason


@pytest.mark.parametrize("password", ["Kontor-Demo-2026", "Wolke-Besen-Tiger-Mond", "mein hund mag blaue fahrräder"])
def test_long_passwords_need_no_decoration(password: str) -> None:
    """NIST SP 800-63B: length counts, composition does not."""
    check_new_password(password, personal=("Petra", "Hansen"))


async def test_a_missing_account_takes_the_same_way_as_a_wrong_password() -> None:
    """F96: without a stored hash the decoy is verified, and the answer is no."""
    vault = PasswordVault()
    stored = await vault.hash("richtig und lang")
    assert await vault.verify(stored, "richtig und lang")
    assert not await vault.verify(stored, "falsch")
    assert not await vault.verify(None, "no account has this password")
    assert stored.startswith("$argon2id$")
    await vault.close()


@given(st.integers(min_value=0, max_value=10_000))
def test_pauses_grow_and_end(failures: int) -> None:
    """F96: never shorter than before, never longer than 15 minutes, none for the free attempts."""
    assert pause_after(failures, 5) <= pause_after(failures + 1, 5) <= LONGEST_PAUSE
    assert (pause_after(failures, 5) == timedelta()) == (failures < 5)


def test_waiting_times_in_words() -> None:
    """Rounded up, so that nobody comes back too early."""
    assert [waiting_time(seconds) for seconds in (1, 59, 60, 61)] == [
        "1 Sekunde",
        "59 Sekunden",
        "1 Minute",
        "2 Minuten",
    ]


def test_contrast_is_the_one_of_wcag() -> None:
    """WCAG 2.2: black on white is 21:1; the neutral brand passes its own check."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast(NEUTRAL_PRIMARY, "#ffffff") >= 4.5
    assert contrast(NEUTRAL_ACCENT, "#ffffff") >= 3.0


_SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<path onload="x()"/>',
        '<use xlink:href="https://evil.example/x.svg#a"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        "<foreignObject/>",
        '<path fill="url(https://evil.example/x)"/>',
        '<style>@import "x"</style>',
        "<a/>",
    ],
)
def test_active_drawings_are_refused(inner: str) -> None:
    """F39: a logo neither runs nor loads nor links anything."""
    with pytest.raises(DomainError):
        logo_type(_SVG.format(inner).encode())


def test_entities_and_strange_files_are_refused() -> None:
    """No document type (entity bombs), no other format, nothing above 256 KB."""
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg"/>'
    for picture in (bomb, b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"0" * 262_144):
        with pytest.raises(DomainError):
            logo_type(picture)


def test_plain_drawings_are_accepted() -> None:
    """Shapes, gradients and references inside the drawing."""
    inner = '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path fill="url(#a)" d="M0 0"/>'
    assert logo_type(_SVG.format(inner).encode()) == "image/svg+xml"
    assert logo_type(b"\xff\xd8\xff\xe0") == "image/jpeg"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_only_as_it_was_sealed(plain: bytes, label: str) -> None:
    """Signing keys at rest: another label or a changed byte opens nothing."""
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal(plain, label)
    assert sealer.unseal(sealed, label) == plain
    with pytest.raises(InvalidTag):
        sealer.unseal(sealed, label + "x")
    with pytest.raises(InvalidTag):
        sealer.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), label)


def test_a_short_secret_is_no_key() -> None:
    """A key-encryption key of fewer than 32 bytes is a mistake in the installation."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Sealer(b"short")


def test_roles_stay_within_the_kind_of_firm() -> None:
    """F101, F194: a broker cannot make operators; the platform cannot make brokers; firms' people are staff."""
    broker, platform = TenantKind.TENANT_KIND_BROKER, TenantKind.TENANT_KIND_PLATFORM
    assert grantable_roles(broker, [Role.ROLE_OPERATOR]) == [Role.ROLE_STAFF]
    assert grantable_roles(broker, [Role.ROLE_EXPERT]) == sorted([Role.ROLE_STAFF, Role.ROLE_EXPERT])
    assert grantable_roles(platform, [Role.ROLE_NETWORK, Role.ROLE_STAFF]) == [Role.ROLE_NETWORK]
    assert grantable_roles(platform, []) == []
