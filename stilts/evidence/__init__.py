"""From run files to statements: statistics, printed numbers, tables, figures, the page."""
