"""Backup: a consistent copy of a home while its service runs, and the way back."""
