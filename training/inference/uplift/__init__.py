"""Uplift at inference: scores of the candidates, their calibration and the answer for a customer, NumPy only."""
