"""Storage: atomic files, the write lock, the Redis client, the circuit breaker and the secret; no feature logic."""
