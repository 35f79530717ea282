"""Feedback: a classifier of topics and sentiment of what customers write."""
