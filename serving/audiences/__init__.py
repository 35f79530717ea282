"""Whom does a campaign approach? Customers of the scores table, chosen by a filter, held back by a hold-out."""
