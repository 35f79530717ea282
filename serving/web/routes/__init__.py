"""Routes of the page: one file per section."""
