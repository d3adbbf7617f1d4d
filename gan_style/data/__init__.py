"""Training data: loading, random crops, augmentation, and checks for problems."""
