"""Features: the raw log is ingested as the canonical history, which gives one feature row per customer and cutoff."""
