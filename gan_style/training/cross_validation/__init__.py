"""Choosing the batch size and the length of a training by cross-validation."""
