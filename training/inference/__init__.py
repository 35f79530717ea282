"""From a feature matrix to coherent answers, in NumPy alone: all that a serving worker needs of training."""
