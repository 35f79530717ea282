"""Tiers: the models that can answer a question, from trees down to cohorts."""
