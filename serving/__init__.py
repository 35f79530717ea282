"""What we answer: HTTP in, predictions out."""
