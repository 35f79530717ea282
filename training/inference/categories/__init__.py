"""Category forecasts: the next order within each category, from hazard tables."""
