"""Demo: the whole pipeline on a real grocer's log."""
