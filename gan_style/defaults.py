"""Defaults shared by the library and the command line; this module imports nothing."""

STYLE = "monet"
STRENGTH = 1.0
DETAIL = 0.8
STROKE = 1.0
KEEP_COLORS = 0.0
QUALITY = 95
NAME = "{name}-{style}"
MAX_PIXELS = 178_956_970
"""Pillow's threshold for a decompression bomb."""

MINUTES = 30.0
DAY = 24 * 60.0
START = "base"
SCRATCH = "scratch"
SIZE = 256
BATCH_SIZE = 4
FINE_TUNING_BATCH = 2
"""Smaller, because fine-tuning crops have three times the area."""
CONTENT_WEIGHT = 2.0
CONTENT_LIMIT = 0.1
SEED = 0
NOISE = 8
STREAKS = 8
"""Streak channels, for strokes that follow shapes; fine-tuning keeps those of the starting style."""
REFINER, NO_REFINER = "auto", "none"
"""Values of the refiner option that are not style names; the first is the default."""
OBJECTIVE = "least-squares"
DISCRIMINATOR = "projected"
FOLDS = 3
