"""Files of weights: styles, the backbone, where they are found."""
