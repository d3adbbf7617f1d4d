"""Metrics of pictures and of sets of pictures, for validation and evaluation."""
