"""Fitting: models learned from rows; what a worker needs to predict is in inference/."""
