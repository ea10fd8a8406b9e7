"""Where chat meets other services."""
