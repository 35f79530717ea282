"""Fitting: trains every tier from rows; code that only predicts belongs in inference/."""
