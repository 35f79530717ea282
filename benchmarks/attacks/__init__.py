"""Attacks: hostile requests, kills, full disks, restored and damaged files against a real service, as a table."""
