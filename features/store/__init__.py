"""Feature store: everything that imports Feast; the packed rows themselves are stored by online/."""
