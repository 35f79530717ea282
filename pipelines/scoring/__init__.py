"""Scoring: the scores table and its columns."""
