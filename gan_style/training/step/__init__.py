"""One training step: networks, losses, optimizers."""
