"""What is asked: YAML, checked and resolved, and the files that answer it."""
