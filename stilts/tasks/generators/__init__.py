"""Tasks derived from others, one file a generator."""
