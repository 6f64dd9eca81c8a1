"""How answers are scored, one file a metric: its formula, and what a guess reaches."""
