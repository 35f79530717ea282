"""What we learn: labels, models, evaluation, registry."""
