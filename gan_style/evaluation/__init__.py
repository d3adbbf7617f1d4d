"""How good a style is: distances between sets of pictures, with their uncertainty."""
