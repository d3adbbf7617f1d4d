"""Publishing styles."""
