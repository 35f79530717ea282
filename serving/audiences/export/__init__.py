"""Export: stored members of audiences, in pages and files."""
