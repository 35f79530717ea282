"""Feature store: everything that imports Feast; the rows themselves are kept by online/."""
