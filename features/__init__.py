"""Features: the raw log becomes the canonical history, and the history one row of features per customer and cutoff."""
