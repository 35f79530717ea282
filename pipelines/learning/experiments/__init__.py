"""Experiments: their units, results and next probabilities."""
