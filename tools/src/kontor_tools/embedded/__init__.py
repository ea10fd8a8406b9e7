"""Real servers from the locked wheels, run in the foreground by the local supervisor and by the test fixtures."""
