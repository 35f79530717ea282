"""Accuracy: predictions compared with baselines on real logs."""
