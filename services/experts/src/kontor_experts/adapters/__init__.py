"""Where the expert network's ports meet other services."""
