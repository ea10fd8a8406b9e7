"""The pages of all personas: a client of the gateway that keeps nothing."""
