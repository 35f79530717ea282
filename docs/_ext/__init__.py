"""Documentation generator: reference pages made from the code when the documentation is built."""
