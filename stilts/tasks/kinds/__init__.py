"""What a task asks, one file a kind: its checks, its rows, what a model reads of them."""
