"""Learning a painter."""
