"""Uplift: whom a treatment moves, by candidates that have to beat treating everybody or nobody."""
