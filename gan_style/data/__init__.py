"""Sets of pictures to learn from: read, cropped at random, augmented, and checked for what is wrong with them."""
