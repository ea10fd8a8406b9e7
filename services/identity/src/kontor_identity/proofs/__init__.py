"""Who a customer is: proofs of his identity, and the letters by which one comes (F164)."""
