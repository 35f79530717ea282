"""Steps: the work of each command, one file per command."""
