"""Routes: one file per resource; what they do is in the packages beside api/."""
