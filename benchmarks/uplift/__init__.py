"""Uplift benchmark: what the selection of a ranking finds in public campaigns with treatment at random."""
