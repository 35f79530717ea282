"""Diagnostics: the state of a home, its freshness and the checks of ``flywheel doctor``; nothing here writes."""
