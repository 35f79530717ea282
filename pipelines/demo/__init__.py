"""Demo: a real grocer from its log to answers over HTTP."""
