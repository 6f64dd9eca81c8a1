"""The miniature's tasks, one file a theme."""
