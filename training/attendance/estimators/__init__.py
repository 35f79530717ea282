"""Estimators: difference in differences in several forms, and what they are checked by."""
