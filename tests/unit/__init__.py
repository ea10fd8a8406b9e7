"""Tests of the benchmarks' own reading, which need nothing but Python."""
