"""The lengths of the windows that features look back over, in local days."""

STORED_WINDOW_DAYS = (56, 91, 182, 365)  # computed at the cutoff and kept
ON_DEMAND_WINDOW_DAYS = (7, 14, 28)  # computed when asked, from the recent days
RECENT_DAYS = max(ON_DEMAND_WINDOW_DAYS)
