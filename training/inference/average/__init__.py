"""Average: the weighted average of several members per question, as NumPy alone computes it."""
