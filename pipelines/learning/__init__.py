"""Learning: the parts of the nightly `flywheel learn`, one file each."""
