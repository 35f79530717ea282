"""Benchmarks: measure our predictions and the service next to named baselines, on the same customers."""
