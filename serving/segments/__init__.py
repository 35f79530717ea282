"""Which segments is a customer of? Columns of the whole population in, columns out."""
