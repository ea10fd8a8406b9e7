"""The demo that `make up` loads: complete, and loaded once."""

from __future__ import annotations

import httpx
from kontor_tools import demo
from kontor_tools.demo.content import ACCOUNTS, ALPENBLICK, HANSEN, JULIA, NORA, PASSWORD
from kontor_tools.people import submit

from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage


def test_demo_is_complete_and_loaded_once(stage: InstalledStage) -> None:
    """Every account it prints can sign in; a second run changes nothing, whatever was noted of the first."""
    installation = stage.installation
    demo.ensure(installation, lambda line: None)
    for _role, email in ACCOUNTS:
        if email != NORA:
            Person(stage.base_url, email, PASSWORD).sign_in()
    with httpx.Client(base_url=stage.base_url, follow_redirects=True, timeout=30) as browser:
        choice = submit(browser, browser.get("/auth/login"), email=NORA, password=PASSWORD)
    assert HANSEN.name in choice.text.replace("&amp;", "&"), "decision 13: one account, two memberships, a choice"
    assert ALPENBLICK.name in choice.text
    broker = Person(stage.base_url, HANSEN.administrator[1], PASSWORD).sign_in()
    julia = Person(stage.base_url, JULIA, PASSWORD).sign_in()
    before = _what_is_there(broker, julia)
    assert before == {"customers": 5, "contracts": 11, "seen": 4, "documents": 3, "chats": 1, "services": 2}

    noted = installation.folders.home / "demo.json"
    noted.write_text(noted.read_text(encoding="utf-8").replace(f'"{demo.COMPLETE}"', '"begun"'), encoding="utf-8")
    demo.ensure(installation, lambda line: None)
    assert _what_is_there(broker, julia) == before


def _what_is_there(broker: Person, julia: Person) -> dict[str, int]:
    """Count what broker and customer see of the demo."""
    base = f"/v1/customers/{julia.customer_id}"
    services = broker.get("/v1/expertServices", pageSize=100).get("services", [])
    return {
        "customers": len(broker.get("/v1/customers", pageSize=100)["customers"]),
        "contracts": len(broker.get("/v1/contracts", pageSize=100)["contracts"]),
        "seen": len(julia.get(f"{base}/contracts")["contracts"]),
        "documents": len(julia.get(f"{base}/documents", pageSize=100)["documents"]),
        "chats": len(julia.get("/v1/chats")["chats"]),
        "services": len([service for service in services if service["expertFirmName"].startswith("Dr. Wolff")]),
    }
