"""Rows: which raw lines count as purchases, once each, and with which further columns."""
