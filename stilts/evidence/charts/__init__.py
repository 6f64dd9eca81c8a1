"""Figures to hover and click: a file per kind of figure that has an interactive version."""
