"""Economics: value at stake, profit over cut-offs, and the cut-off that a budget allows."""
