"""Experiments: starting and stopping them, decisions about customers, and the intake of what followed."""
