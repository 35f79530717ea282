"""Uplift: whom a treatment moves, learned from experiments in which it was given at random."""
