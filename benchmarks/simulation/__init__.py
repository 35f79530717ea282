"""Simulation: whole runs on simulated shops, judged by the truth."""
