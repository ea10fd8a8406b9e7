"""What `make lighthouse` says about the scores that it gets."""

from __future__ import annotations

from kontor_tools.lighthouse.__main__ import is_met, table


def test_a_page_below_a_limit_is_named_with_what_cost_points() -> None:
    """Every limit counts; a page that meets them all says nothing about its audits."""
    good = {"performance": 90, "accessibility": 100, "best-practices": 95}
    assert is_met(good)
    assert not any(is_met({**good, category: score - 1}) for category, score in good.items())

    lines = list(
        table(
            [
                {"name": "sign-in", "file": "a.json", "scores": good, "costly": ["unused-css-rules: 12 KiB"]},
                {"name": "home", "file": "b.json", "scores": {**good, "performance": 70}, "costly": ["lcp: 4 s"]},
            ]
        )
    )

    assert lines[2:] == [
        "| sign-in | 90 | 100 | 95 | yes |",
        "| home | 70 | 100 | 95 | NO |",
        "\nhome (b.json):",
        "  lcp: 4 s",
    ]
