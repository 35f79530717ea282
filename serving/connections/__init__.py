"""Connections: limits on the connections, the headers and the waiting of callers, before a key is asked for."""
