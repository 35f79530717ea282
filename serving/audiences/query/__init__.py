"""Query: filters and orderings over the columns of the scores table."""
