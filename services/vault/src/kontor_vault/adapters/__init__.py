"""The outside world behind ports that have two real implementations each."""
