"""The RPCs of billing: proto → use case → proto, no decisions."""
