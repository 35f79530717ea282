"""Hazard: what touches add to the rate of orders, given the rate expected before them."""
