"""Network architectures and their configs."""
