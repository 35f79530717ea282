"""Drift: inputs, scores and volumes against the reference of the release."""
