"""Evaluation: back-tests, the quality gate, totals and churn rules; nothing here writes reports."""
