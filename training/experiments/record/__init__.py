"""Record: what an experiment is, its changes and epochs, and who gets which arm."""
