"""What every page owes its readers, whoever they are and however they read: checked in the page itself.

Not a replacement for a full accessibility audit; each rule here is one that a page can break by accident.
"""

from __future__ import annotations

from playwright.sync_api import Page

WIDE, NARROW = (1280, 800), (390, 844)
"""A laptop and a phone, in CSS pixels."""

_BROKEN_RULES = """
() => {
  const problems = [];
  const say = (rule, element) => problems.push(element ? `${rule}: ${element.outerHTML.slice(0, 160)}` : rule);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const spoken = (element) => {
    const named = (element.getAttribute("aria-labelledby") ?? "").split(/\\s+/).filter(Boolean);
    return [
      element.getAttribute("aria-label"),
      ...named.map((id) => document.getElementById(id)?.textContent),
      ...[...(element.labels ?? [])].map((label) => label.textContent),
      element.textContent,
      ...[...element.querySelectorAll("img")].map((image) => image.alt),
    ].some((text) => text?.trim());
  };

  if (!document.documentElement.lang) say("the page names its language");
  if (!document.title.trim()) say("the page has a title");
  const headings = all("h1").filter(shown);
  if (headings.length !== 1) say(`one h1, not ${headings.length}`);
  if (all("main").length !== 1) say("one main landmark");
  if (!document.querySelector(".skip-link")) say("the content can be reached past the menu");
  const unlabelled = (field) => field.type !== "hidden" && !field.labels?.length &&
    !field.getAttribute("aria-label") && !field.getAttribute("aria-labelledby");
  all("input, select, textarea").filter(unlabelled).forEach((field) => say("every field has a label", field));
  all("a[href], button, summary").filter(shown).filter((one) => !spoken(one))
    .forEach((one) => say("what can be pressed has a name", one));
  all("img:not([alt])").forEach((image) => say("every picture has a text, or an empty one", image));
  const seen = new Set();
  all("[id]").forEach((one) => (seen.has(one.id) ? say("an id is used once", one) : seen.add(one.id)));
  all("[aria-labelledby], [aria-describedby]").forEach((one) => {
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      const ids = (one.getAttribute(name) ?? "").split(/\\s+/).filter(Boolean);
      if (ids.some((id) => !document.getElementById(id))) say(`${name} points at something`, one);
    }
  });
  all("[style]:not(progress)").filter((one) => !one.closest("[data-brand] ~ section, svg") && one.style.length > 9)
    .forEach((one) => say("colours and sizes come from the style sheet", one));
  return problems;
}
"""

_TOO_WIDE = """
() => {
  const page = document.scrollingElement;
  const tooWide = (whole, one) => `${whole.scrollWidth} px in ${whole.clientWidth}: ${one?.outerHTML.slice(0, 200)}`;
  if (page.scrollWidth > window.innerWidth) {
    return tooWide(page, [...document.body.querySelectorAll("*")].find(
      (one) => one.getBoundingClientRect().right > window.innerWidth + 1 && one.checkVisibility()));
  }
  const table = [...document.querySelectorAll(".table-wrap")].find((one) => one.scrollWidth > one.clientWidth + 1);
  return table ? tooWide(table, table) : "";
}
"""


def assert_readable(page: Page) -> None:
    """Fail unless the page can be read by ear, by keyboard and by eye at both widths; leaves it at the wide one."""
    problems = page.evaluate(_BROKEN_RULES)
    assert not problems, f"{page.url}\n" + "\n".join(problems)
    for width, height in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        too_wide = page.evaluate(_TOO_WIDE)
        assert not too_wide, f"{page.url} scrolls sideways at {width} px: {too_wide}"
