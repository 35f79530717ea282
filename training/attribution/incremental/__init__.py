"""Incremental: what a channel caused, from customers who were held out at random."""
