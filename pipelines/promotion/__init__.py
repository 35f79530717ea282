"""Promotion: what a release has to pass before it serves, and the champion that others moved."""
