"""Lets the tests of notifications import what they share (`post_office`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
