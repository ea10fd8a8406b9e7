"""Where the links of mails lead."""

from __future__ import annotations

import pytest
from kontor_notifications.mails import Firm
from kontor_notifications.preparing import under_own_domain

PLATFORM, OWN = "https://kontor.example", "https://office.hansen.example"


@pytest.mark.parametrize(
    ("path", "origin", "expected"),
    [
        ("/kunde/dokumente", OWN, f"{OWN}/kunde/dokumente"),
        ("/kunde/dokumente", "", f"{PLATFORM}/kunde/dokumente"),
        ("/experte/auftraege/1", OWN, f"{PLATFORM}/experte/auftraege/1"),
    ],
)
def test_links_lead_where_their_page_is(path: str, origin: str, expected: str) -> None:
    """F79, F116: under the firm's own domain, but never an expert's pages, which that domain does not have."""
    firm = Firm("Hansen & Partner", "post@hansen.example", "", "", origin=origin)
    assert under_own_domain(PLATFORM + path, firm, PLATFORM) == expected
