"""Transformations: feature views as Ibis expressions over the history, and what is computed on demand in NumPy."""
