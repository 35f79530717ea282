"""Steps: one file per command."""
