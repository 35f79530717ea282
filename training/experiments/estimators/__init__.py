"""Estimators: effects of arms with their intervals, and how small an effect can be found."""
