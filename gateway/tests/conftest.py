"""Lets the gateway's tests import what they share (`gateway_stack`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
