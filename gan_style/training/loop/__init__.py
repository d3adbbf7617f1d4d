"""The training loop: schedule, validation, recovery from failures, checkpoints."""
