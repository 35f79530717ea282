"""Authentication: API keys and their scopes; the HTTP middleware for them belongs to serving/api."""
