"""Average fitting: members, their weights, the curve, the spend and the level, from training rows."""
