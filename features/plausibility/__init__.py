"""Plausibility: whether a log looks like the log of a shop, as notes with their remedies."""
