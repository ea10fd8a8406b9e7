"""Lets the chassis' tests, and the programs they start, import what they share (`parcels`, `shipping`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
