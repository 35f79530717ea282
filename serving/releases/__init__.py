"""Releases: loading, checking and switching what answers."""
