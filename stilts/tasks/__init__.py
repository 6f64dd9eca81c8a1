"""From a source to canonical rows: kinds, metrics, sources, generators, the miniature."""
