"""Fixtures every test of the workspace may use."""

pytest_plugins = ["kontor_chassis.testing.memory", "kontor_chassis.testing.plugin"]
