"""The outside world: mail servers, and identity's knowledge about people."""
