"""Web: the page at /app/ for people who never open a terminal, rendered on the server."""
