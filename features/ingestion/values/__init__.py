"""Values: numbers and dates as people write them, each format with the SQL that reads it and a guesser."""
