"""Inference: everything that a serving worker needs to compute a forecast from a feature matrix, in NumPy alone."""
