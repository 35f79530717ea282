"""Data set: rows at past cutoffs with their outcomes and labels; nothing here fits a model."""
