"""When it runs: the steps from a raw log to served predictions, and the command line."""
