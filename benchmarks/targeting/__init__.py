"""Targeting: whether segments and reminders find the right customers."""
