"""Storage: atomic files, the write lock, the Redis client and the circuit breaker; no knowledge of what is stored."""
