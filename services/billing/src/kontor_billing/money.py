"""Arithmetic on integer minor units: commercial rounding and exact splitting. No floats, no I/O.

Owns how a cent is rounded and who gets the odd one; knows neither tiers nor taxes.
"""

from __future__ import annotations

from collections.abc import Sequence

BASIS_POINTS = 10_000
"""Hundredths of a percent in a whole: a rate of 1900 is 19 %."""


def percentage(amount: int, basis_points: int) -> int:
    """Return `basis_points` of `amount` minor units, rounded commercially (half up, away from zero).

    7.10 € at 19 % is 1.349 € and gives 1.35 €; 0.50 € at 19 % is exactly 0.095 € and gives 0.10 €.
    """
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) * basis_points * 2 + BASIS_POINTS) // (2 * BASIS_POINTS))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Return `total` shared out in proportion to `weights` so that the parts add up to it exactly.

    Largest remainder: every part gets its whole minor units, the units left over go to the parts with the largest
    fractions, the earlier of two equal ones first. Raises ValueError for negative weights, for a negative total, and
    for a total above zero that nobody has a weight for.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("total and weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("nobody to give the total to")
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_fraction[: total - sum(parts)]:
        parts[index] += 1
    return parts
