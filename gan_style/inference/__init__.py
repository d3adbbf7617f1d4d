"""A style applied to pictures."""
