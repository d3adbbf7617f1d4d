"""Style transfer from a single painting by optimization, without a trained generator."""
