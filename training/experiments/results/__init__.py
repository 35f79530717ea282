"""Results: what is stated of an experiment as of a day, or why it is not."""
