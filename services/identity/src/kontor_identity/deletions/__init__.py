"""The end of a customer: planned, taken back or carried out, and certified (F94)."""
