"""How sure one can be of a difference: seeds, examples, many tests, equivalence, power."""
