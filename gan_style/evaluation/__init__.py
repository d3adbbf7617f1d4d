"""How good a style is: the report, and the blind test for people."""
