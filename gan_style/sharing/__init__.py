"""Putting a style where others find it."""
