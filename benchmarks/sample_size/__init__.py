"""Sample size: accuracy over ever larger samples of customers."""
