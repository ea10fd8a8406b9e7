"""What the vault does when a firm is deleted: keys first, with a certificate, then every trace.

Without its key nothing that lies in the object store can be read any more (`erasure`).
"""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, as_step, emptied

from kontor_vault.erasure import destroy_keys_of_firm
from kontor_vault.remains import DELETIONS, OF_FIRM

PORTION = 500

_STEPS = (as_step(statement.format(whose=OF_FIRM)) for statement in DELETIONS)
_OF_THE_FIRM = (emptied("firm_storage"), emptied("release_rules"), emptied("retention_rules"))
FIRM_END = FirmEnd("vault", [destroy_keys_of_firm, *_STEPS, *_OF_THE_FIRM], portion=PORTION)
