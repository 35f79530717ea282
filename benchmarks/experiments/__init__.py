"""Experiments: what the methods of experiments find and lose in simulated markets, whose truth is known."""
