"""Reporting: the benchmark page and its tables."""
