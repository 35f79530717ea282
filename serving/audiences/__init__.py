"""Audiences: customers of the scores table selected by a filter, with estimates, a hold-out and an export."""
