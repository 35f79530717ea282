"""Estimates: expected totals of an audience and their prediction intervals."""
