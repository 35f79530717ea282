"""Command line: commands, options and what they print; what they do is in steps/."""
