"""Predictions: from customer ids to answers, through consent, features and the release."""
