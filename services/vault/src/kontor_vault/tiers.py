"""How much storage the service tiers hold (F14); tier 1 has none."""

GIBIBYTE = 1 << 30
TIER_2_BYTES = 5 * GIBIBYTE
TIER_3_BYTES = 10 * GIBIBYTE
