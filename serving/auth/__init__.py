"""Authentication: API keys and their scopes."""
