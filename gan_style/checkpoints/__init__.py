"""Weight files: style files and backbones, and where to find them."""
