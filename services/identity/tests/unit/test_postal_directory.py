"""The postal directory: what belongs together, what was meant, and what nobody knows (F152)."""

from __future__ import annotations

import pytest
from kontor.identity.v1.master_data_pb2 import AddressVerdict
from kontor_identity.addresses import PostalAddress
from kontor_identity.postal_directory import check_address, usual_street

KNOWN = AddressVerdict.ADDRESS_VERDICT_KNOWN
PROPOSAL = AddressVerdict.ADDRESS_VERDICT_PROPOSAL
UNKNOWN = AddressVerdict.ADDRESS_VERDICT_UNKNOWN


@pytest.mark.parametrize(
    ("code", "city", "first"),
    [
        ("80331", "Munchen", ("80331", "München")),
        ("80331", "Muenchen", None),
        ("8031", "München", ("80331", "München")),
        ("52222", "Stollberg", ("52222", "Stolberg")),
        ("60311", "Frankfurt", ("60311", "Frankfurt am Main")),
        ("06108", "Halle", ("06108", "Halle (Saale)")),
        ("20095", "Hamburg", None),
        ("20095", "hamburg", None),
    ],
)
def test_the_nearest_place_comes_first(code: str, city: str, first: tuple[str, str] | None) -> None:
    """F152: misspelt places, lost digits and short forms lead to what was meant; what is right is left alone."""
    found = check_address(PostalAddress("Hauptstraße 1", code, city, "DE"))
    assert found.verdict == (KNOWN if first is None else PROPOSAL)
    proposed = [(one.postal_code, one.city) for one in found.proposals]
    assert proposed[:1] == ([] if first is None else [first])


def test_a_code_elsewhere_leads_to_codes_of_the_place() -> None:
    """F152: the place is believed rather than the number; at most three are proposed."""
    found = check_address(PostalAddress("Jungfernstieg 1", "10115", "Hamburg", "DE"))
    assert {one.city for one in found.proposals} == {"Hamburg"}
    assert len(found.proposals) == 3


def test_what_nobody_knows_is_not_guessed() -> None:
    """F152: no proposal is better than a wrong one."""
    assert check_address(PostalAddress("Weg 1", "99999", "Nirgendwo", "DE")).verdict == UNKNOWN
    assert check_address(PostalAddress("Weg 1", "", "", "DE")).verdict == UNKNOWN


@pytest.mark.parametrize(
    ("given", "usual"),
    [
        ("Elbstr. 4", "Elbstraße 4"),
        ("Lange Strasse  7", "Lange Straße 7"),
        ("Große Str. 1", "Große Straße 1"),
        ("Am Strand 3", "Am Strand 3"),
        ("Straßburger Weg 2", "Straßburger Weg 2"),
    ],
)
def test_streets_are_written_out(given: str, usual: str) -> None:
    """STANDARDS 5: the usual spelling in proposals; no claim that a street exists."""
    assert usual_street(given) == usual
