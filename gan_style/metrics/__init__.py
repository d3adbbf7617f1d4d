"""What can be measured of pictures and of sets of pictures: used while a style is learnt and when it is judged."""
