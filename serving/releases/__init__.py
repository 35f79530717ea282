"""Releases: loading, checking and hot reload of the champion."""
