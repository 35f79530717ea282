"""Monitoring: realised scorecards of what was predicted, and drift of inputs, scores and volumes."""
