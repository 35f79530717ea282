"""What we knew: a raw log becomes one row of features per customer and cutoff."""
