"""Reading of GDV portfolio files ("VU-Vermittler", fixed records of 256 bytes).

Owns the format and nothing else: bytes in, `Portfolio` out, or `GdvFileError` with record numbers and fields.
Boundary: no database, no RPC, no firm; what becomes of a portfolio is decided in `kontor_contracts.imports`.
"""

from kontor_contracts.gdv.faults import GdvFileError, Problem
from kontor_contracts.gdv.portfolio import Address, PolicyContract, PolicyHolder, Portfolio, Remark, read_portfolio

__all__ = [
    "Address",
    "GdvFileError",
    "PolicyContract",
    "PolicyHolder",
    "Portfolio",
    "Problem",
    "Remark",
    "read_portfolio",
]
