"""Decisions: the tables of the loop in the history."""
