"""Where contracts meets other services."""
