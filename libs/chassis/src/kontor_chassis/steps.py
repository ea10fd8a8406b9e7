"""Named steps of the event machinery, so that a crash test can end the process between any two of them."""

from __future__ import annotations

from collections.abc import Callable

OnStep = Callable[[str], None]
"""Called with the name of the step that was just finished; production passes `pass_by`."""


def pass_by(_step: str) -> None:
    """Do nothing."""
