"""Where billing's ports meet other services."""
