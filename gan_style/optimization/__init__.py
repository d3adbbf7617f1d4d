"""Painting after a single picture by optimization, without a trained generator."""
