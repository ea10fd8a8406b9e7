"""What every template keeps to: no inline style or script, no third party, everything said in both languages."""

from __future__ import annotations

import re
from importlib.resources.abc import Traversable

import pytest
from flask import Flask
from kontor_portal.i18n import english

from .sentences import sentences, templates

_PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


@pytest.mark.parametrize("template", templates(), ids=lambda template: str(template.name))
def test_no_inline_style_or_script(template: Traversable) -> None:
    """The policy forbids both; a browser would drop them without a word."""
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|javascript:", source)
    assert not re.search(r"\son(click|change|submit|input|load|error|key\w+|focus|blur)\s*=|hx-on", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))
    assert not re.search(r"""(src|href|action)=["']https?://""", source)


@pytest.mark.parametrize("template", templates(), ids=lambda template: str(template.name))
def test_the_last_word_counts(template: Traversable) -> None:
    """What asks at each change gives up the question before: htmx would drop the newer one, and show what is stale."""
    source = template.read_text(encoding="utf-8")
    for tag in re.findall(r"<form[^>]*hx-trigger[^>]*>", source):
        if re.search(r'hx-trigger="[^"]*(input|change)', tag):
            assert 'hx-sync="this:replace"' in tag, tag


def test_templates_compile(app: Flask) -> None:
    """No template holds a fault that only its page would show; includes and imports exist."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def test_every_sentence_has_english() -> None:
    """German is the key; a sentence without English would be German on an English page."""
    missing = sorted(sentences() - set(english()))
    assert not missing, "give locale/en.po the English of: " + " | ".join(missing)


def test_english_has_no_sentence_that_nobody_says() -> None:
    """The catalogue does not grow by what pages said once."""
    unused = sorted(set(english()) - sentences())
    assert not unused, "take out of locale/en.po: " + " | ".join(unused)


def test_english_fills_the_same_places() -> None:
    """A place that only one language has would be lost, or would break the page."""
    different = [
        german for german, said in english().items() if set(_PLACES.findall(german)) != set(_PLACES.findall(said))
    ]
    assert different == []


def test_german_is_set_typographically() -> None:
    """German quotation marks and dashes, real umlauts, no straight quotes."""
    wrong = [text for text in sentences() if '"' in text or " - " in text or "..." in text or "fuer" in text.lower()]
    assert wrong == []
