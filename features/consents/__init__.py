"""Whom may we speak of, and to? What customers agreed to, and who asked to be forgotten."""
