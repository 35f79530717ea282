"""Processes: the supervisor of the worker processes, the workers, and the private channel between them."""
