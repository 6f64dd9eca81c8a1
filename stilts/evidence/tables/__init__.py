"""Tables, one file a kind of table."""
