"""Customers: what the service tells about one customer besides predictions, consents and erasure."""
