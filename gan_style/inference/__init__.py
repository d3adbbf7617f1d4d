"""Inference: applying a style to pictures."""
