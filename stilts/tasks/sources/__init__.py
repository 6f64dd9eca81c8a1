"""Raw rows from the reader's files, a mirror or the hub."""
