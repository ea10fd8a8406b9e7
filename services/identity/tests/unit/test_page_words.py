"""What the sign-in pages say: all of it in German and English, none of it twice or in vain."""

from __future__ import annotations

import re
from pathlib import Path

import kontor_identity
from jinja2 import Environment, nodes
from kontor_identity.http.english import _PAGES, _REFUSALS, ENGLISH

SOURCE = Path(kontor_identity.__file__).parent
TEMPLATES = sorted((SOURCE / "http" / "templates").glob("*.html"))


def said(template: Path) -> set[str]:
    """Return the German sentences a template says by `t`."""
    found: set[str] = set()
    for call in Environment(autoescape=True).parse(template.read_text(encoding="utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            first = call.args[0]
            constants = [first] if isinstance(first, nodes.Const) else list(first.find_all(nodes.Const))
            found |= {constant.value for constant in constants if isinstance(constant.value, str)}
    return found


def test_every_sentence_has_its_english() -> None:
    """Section 7 WEB: German first, English complete; nothing is kept that no page says."""
    sentences = set().union(*(said(template) for template in TEMPLATES))
    assert sentences == set(_PAGES)


def test_nothing_is_said_past_the_catalogue() -> None:
    """No template holds text of its own between its tags."""
    for template in TEMPLATES:
        tree = Environment(autoescape=True).parse(template.read_text(encoding="utf-8"))
        texts = "".join(data.data for data in tree.find_all(nodes.TemplateData))
        between = re.sub(r"<[^>]*>", " ", re.sub(r"<(script|svg)\b.*?</\1>", " ", texts, flags=re.DOTALL))
        assert not re.search(r"(?<![-\w\"=])[A-ZÄÖÜ][a-zäöüß]{3,}", between), template.name


def test_refusals_are_worded_as_the_service_says_them() -> None:
    """A sentence that the service words differently would stay German without anybody noticing."""
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path.name != "english.py")
    joined = re.sub(r"\"\s*\n\s*\"", "", code)
    assert [sentence for sentence in _REFUSALS if sentence not in joined] == []


def test_places_for_values_are_the_same() -> None:
    """Each `%(name)s` of a sentence stands in its translation, too."""
    places = re.compile(r"%\((\w+)\)s")
    for german, english in ENGLISH.items():
        assert set(places.findall(german)) == set(places.findall(english)), german
