"""Bytes one can trust: whole or absent, digested, locked, found by key."""
