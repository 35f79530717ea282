"""Documentation: Markdown pages, and the extension that generates the reference from the code."""
