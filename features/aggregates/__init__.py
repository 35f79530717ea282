"""Aggregates: measures of customers at one cutoff, for churn rules, segments and preferences; no feature views."""
