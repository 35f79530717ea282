"""Pipelines: the command line and the steps from a raw log to served predictions."""
