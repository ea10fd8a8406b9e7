"""axe-core in the page: what the norm's testers find by machine (WCAG 2.2 A and AA)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

GRAVE = ("serious", "critical")
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_ALIKE = ".api__op ~ .api__op"
"""Taken off a page first: entries of the API's description are made alike, so one per service stands for all."""
_RUN = """
async ([rules, alike]) => {
  const wanted = { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"], preload: false };
  document.querySelectorAll(alike).forEach((one) => one.remove());
  const { violations } = await axe.run(document, wanted);
  return violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    where: nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary.slice(0, 240)),
  }));
}
"""


def grave_violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page as it is."""
    page.evaluate(_source())
    found = page.evaluate(_RUN, [list(_RULES), _ALIKE])
    return [
        f"{page.url} {each['impact']} {each['id']}: " + " | ".join(each["where"])
        for each in found
        if each["impact"] in GRAVE
    ]


@cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
