"""What wraps data keys: the key file and Transit promise the same, and what one wrapped the other never opens."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kontor_chassis.errors import DomainError
from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.transit import Transit
from kontor_vault.keys import KeyEncryptions, KeyUnusableError, WrappedKey

from services.vault.tests.transit_server import TransitEngine, TransitServer

DATA_KEY = b"k" * 32


@pytest.fixture
def engine() -> TransitEngine:
    """A Transit engine with one key."""
    made = TransitEngine(token="hvs.test")
    made.rotate("kontor")
    return made


@pytest.fixture
async def transit(engine: TransitEngine, tmp_path: Path) -> AsyncIterator[Transit]:
    """The vault's view of it."""
    (tmp_path / "token").write_text("hvs.test\n")
    with TransitServer(engine) as server:
        opened = Transit(server.url, "kontor", tmp_path / "token")
        yield opened
        await opened.close()


def lines(*keys: bytes) -> str:
    """Return a key file with several keys."""
    return "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)


async def test_transit_wraps_and_unwraps_for_one_customer(transit: Transit, engine: TransitEngine) -> None:
    """F2: the key never leaves Transit; a wrapped key opens only for whom it was made."""
    wrapped = await transit.wrap(DATA_KEY, b"customer")
    assert wrapped.under == "transit:kontor:1"
    assert wrapped.wrapped.startswith(b"vault:v1:")
    assert await transit.unwrap(wrapped, b"customer") == DATA_KEY
    for bound, altered in ((b"another", wrapped.wrapped), (b"customer", wrapped.wrapped[:-6] + b"AAAAA=")):
        with pytest.raises(KeyUnusableError):
            await transit.unwrap(WrappedKey(wrapped.under, altered), bound)
    assert set(engine.calls) == {"encrypt", "decrypt"}


async def test_transit_rotates_without_a_break(transit: Transit, engine: TransitEngine) -> None:
    """F2: a new version wraps from the next call on, old ones open until they are forgotten."""
    old = await transit.wrap(DATA_KEY, b"customer")
    engine.rotate("kontor")
    assert await transit.newest() == "transit:kontor:2"
    new = await transit.wrap(DATA_KEY, b"customer")
    assert new.under == "transit:kontor:2"
    assert await transit.unwrap(old, b"customer") == await transit.unwrap(new, b"customer") == DATA_KEY
    engine.min_decryption_version = 2
    assert await transit.unwrap(new, b"customer") == DATA_KEY
    with pytest.raises(KeyUnusableError):
        await transit.unwrap(old, b"customer")


async def test_transit_away_is_no_lost_key(transit: Transit, engine: TransitEngine, tmp_path: Path) -> None:
    """F2: a sealed or strange key service, or one that is gone, is told as unavailable; a renewed token is taken."""
    wrapped = await transit.wrap(DATA_KEY, b"customer")
    engine.sealed = True
    with pytest.raises(DomainError, match="Schlüsseldienst"):
        await transit.unwrap(wrapped, b"customer")
    engine.sealed, engine.token = False, "hvs.renewed"
    with pytest.raises(DomainError, match="Schlüsseldienst"):
        await transit.unwrap(wrapped, b"customer")
    (tmp_path / "token").write_text("hvs.renewed")
    assert await transit.unwrap(wrapped, b"customer") == DATA_KEY
    nobody = Transit("http://127.0.0.1:9", "kontor", tmp_path / "token")
    with pytest.raises(DomainError, match="Schlüsseldienst"):
        await nobody.newest()
    await nobody.close()


async def test_a_key_file_rotates_while_it_is_in_use(tmp_path: Path) -> None:
    """F2: appended, moved to the top, the old one taken out: nothing is restarted, nothing becomes unreadable."""
    old, new = os.urandom(32), os.urandom(32)
    file = tmp_path / "kek"
    file.write_text(lines(old))
    here, there = KeyFile(file), KeyFile(file)
    first = await here.wrap(DATA_KEY, b"customer")
    file.write_text(lines(old, new))
    assert await there.newest() == first.under
    file.write_text(lines(new, old) + "\n")
    second = await here.wrap(DATA_KEY, b"customer")
    assert second.under == await there.newest() != first.under
    for key in (first, second, WrappedKey("", first.wrapped)):
        assert await there.unwrap(key, b"customer") == DATA_KEY
    file.write_text(lines(new))
    assert await here.unwrap(second, b"customer") == DATA_KEY
    with pytest.raises(KeyUnusableError):
        await here.unwrap(first, b"customer")
    file.write_text(lines(new) + "no key\n")
    with pytest.raises(ValueError, match="32-byte"):
        KeyFile(file)


async def test_an_installation_moves_from_a_file_to_transit(transit: Transit, tmp_path: Path) -> None:
    """F2: Transit wraps, the file still opens what it wrapped; without the file that is unusable."""
    (tmp_path / "kek").write_text(lines(os.urandom(32)))
    file = KeyFile(tmp_path / "kek")
    before = await file.wrap(DATA_KEY, b"customer")
    both = KeyEncryptions(transit, [file])
    after = await both.wrap(DATA_KEY, b"customer")
    assert after.under == await both.newest() == "transit:kontor:1"
    assert await both.unwrap(before, b"customer") == await both.unwrap(after, b"customer") == DATA_KEY
    with pytest.raises(KeyUnusableError):
        await KeyEncryptions(transit).unwrap(before, b"customer")
