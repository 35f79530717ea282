"""Feast plug-ins that keep one packed value per customer and view."""
