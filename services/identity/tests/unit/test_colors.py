"""Colours that can be read: the proposal passes, keeps its hue, and is no darker than needed."""

from __future__ import annotations

from colorsys import rgb_to_hls

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_identity.colors import SHAPE_CONTRAST, TEXT_CONTRAST, check_color, contrast, nearest_passing

COLORS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@given(COLORS, st.sampled_from((TEXT_CONTRAST, SHAPE_CONTRAST)))
def test_proposal_passes(color: str, needed: float) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: whatever a firm chooses, the proposal has enough contrast against white."""
    check = check_color(color, needed)
    assert contrast(check.proposal, "#ffffff") >= needed
    assert check.passes == (check.proposal == color)


@given(COLORS)
def test_proposal_is_no_darker_than_needed(color: str) -> None:
    """F39: a colour that fails is changed as little as possible; steps of eight bits leave a small margin."""
    if contrast(color, "#ffffff") < TEXT_CONTRAST:
        assert contrast(nearest_passing(color, TEXT_CONTRAST), "#ffffff") < TEXT_CONTRAST + 0.2


@pytest.mark.parametrize("color", ["#ffcc00", "#ff6600", "#00bb66", "#33aaff", "#cc66ff"])
def test_hue_stays(color: str) -> None:
    """A yellow becomes a dark yellow, not a brown-red or a green."""
    assert abs(_hue(color) - _hue(nearest_passing(color, TEXT_CONTRAST))) < 0.06


def _hue(color: str) -> float:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return rgb_to_hls(red, green, blue)[0]
