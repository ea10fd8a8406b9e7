"""What a customer's accounts are used for, as „Meine Daten“ shows it."""

from __future__ import annotations

from flask import Flask, render_template
from kontor.contracts.v1.contracts_pb2 import Contract
from kontor_portal.bank_uses import uses_of_accounts

HOUSEHOLD = Contract(
    contract_id="018f0000-0000-7000-8000-000000000011",
    line_of_business_name="Hausrat",
    insurer_name="Nordlicht",
    account_reference="a",
    account_masked="DE89 •••• 3000",
    credit_account_reference="b",
    credit_account_masked="DE02 •••• 2051",
)
PENSION = Contract(
    contract_id="018f0000-0000-7000-8000-000000000012",
    line_of_business_name="Rente",
    insurer_name="Elbe",
    credit_account_reference="a",
    credit_account_masked="DE89 •••• 3000",
)


def test_each_account_tells_debits_from_credits(app: Flask) -> None:
    """F156: an account from which one contract draws and to which another pays is shown once, with both."""
    uses = uses_of_accounts([HOUSEHOLD, PENSION, Contract()])
    named = {
        use.masked: ([c.line_of_business_name for c in use.debits], [c.line_of_business_name for c in use.credits])
        for use in uses.values()
    }
    assert named == {"DE89 •••• 3000": (["Hausrat"], ["Rente"]), "DE02 •••• 2051": ([], ["Hausrat"])}
    with app.test_request_context("/kunde/daten"):
        shown = " ".join(render_template("partials/account_use.html", use=uses["a"]).split())
        nothing = render_template("partials/account_use.html", use=None)
    assert shown.index("Beiträge werden abgebucht") < shown.index("Hausrat, Nordlicht")
    assert shown.index("Auszahlungen gehen hierher") < shown.index("Rente, Elbe")
    assert nothing.strip() == ""
