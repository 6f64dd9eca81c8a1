"""A small generated world, and the language that tells of it."""
