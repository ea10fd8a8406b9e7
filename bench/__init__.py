"""Benchmarks: each row is a ratio against its peer, or a figure against its limit, measured within one run."""
