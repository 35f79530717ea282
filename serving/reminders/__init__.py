"""Reminders: how many customers are due on each day, and what they are worth."""
