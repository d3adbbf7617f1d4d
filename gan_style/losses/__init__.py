"""Loss functions and the terms of the generator's loss."""
