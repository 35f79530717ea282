"""Explanations: what moved a prediction, as attributions and in words."""
