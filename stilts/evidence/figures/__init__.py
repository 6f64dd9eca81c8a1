"""Figures, one file a kind of figure."""
