"""Tiers: what can answer a release's questions, from the average down to the mean of the population."""
