"""Command line: commands, options and their output. The work of each command is in steps/."""
