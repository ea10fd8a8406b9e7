"""Lets the vault's tests import what they share (`vault_office`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
