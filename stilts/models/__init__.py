"""Weights and heads: rows to token ids, token ids to outputs."""
