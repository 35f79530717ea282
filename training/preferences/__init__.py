"""When, where and for what price a customer comes: own counts weighed against everybody's (empirical Bayes)."""
