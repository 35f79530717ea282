"""Segments: RFM, value tiers, lifecycle, rules and preset segments of scored customers; looked up in serving."""
