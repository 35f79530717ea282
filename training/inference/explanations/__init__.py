"""Explanations: what moved a prediction, as attributions and as sentences."""
