"""Segments: the lookup of a customer's segments in the scores table; training/segments/ assigns them."""
