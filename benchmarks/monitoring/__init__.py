"""Benchmarks of monitoring: planted faults of a real log, and weeks without any."""
