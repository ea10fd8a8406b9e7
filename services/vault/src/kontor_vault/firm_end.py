"""What the vault does when a firm is deleted: keys first, with a certificate, then every trace.

Without its key nothing that lies in the object store can be read any more (`erasure`).
"""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, as_step

from kontor_vault.erasure import destroy_keys_of_firm
from kontor_vault.remains import DELETIONS, OF_FIRM

PORTION = 500

FIRM_END = FirmEnd(
    "vault",
    [destroy_keys_of_firm, *(as_step(statement.format(whose=OF_FIRM)) for statement in DELETIONS)],
    portion=PORTION,
)
