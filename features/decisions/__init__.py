"""Decisions: what was decided about whom, what became of it, and what followed; in LMDB or Redis, as the consents."""
