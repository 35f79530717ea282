"""Loop: one walk from audience to scorecard, in the demo's shop with a planted effect."""
