"""One page, in one file, with every figure, table and run of a question."""
