"""Predictions: snapshots of what was predicted, and their scorecards once it came true."""
