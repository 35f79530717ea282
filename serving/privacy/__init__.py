"""Privacy: changes of consent and erasure of customers."""
