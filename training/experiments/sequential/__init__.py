"""Sequential analysis: bounds for looks, the band between them, the sample ratio and maturity."""
