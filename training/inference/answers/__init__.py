"""Answers: a forecast as columns, as JSON and as columns of the scores table; nothing here fits or serves."""
