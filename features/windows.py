"""The lengths of the windows that features look back over, in local days."""

STORED = (56, 91, 182, 365)  # computed at the cutoff and kept
SHORT = (7, 14, 28)  # computed when asked, from the recent days
RECENT = max(SHORT)
