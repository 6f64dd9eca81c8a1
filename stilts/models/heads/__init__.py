"""What answers a task, one file a head: its modules, its loss, its answer."""
