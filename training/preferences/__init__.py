"""Preferences: time, channel, category and price preferences of customers by empirical Bayes."""
