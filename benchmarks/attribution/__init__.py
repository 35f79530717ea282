"""Attribution: path rules, the exposure hazard and hold-outs on a shop whose channels have a planted effect."""
