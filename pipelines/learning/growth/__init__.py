"""Growth of a home: the figures from its history, the closed periods, and the answer that the service reads."""
