"""Simulation: whole runs on simulated shops, whose future is known."""
