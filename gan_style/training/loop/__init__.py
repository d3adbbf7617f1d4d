"""A training from its first step to its last: schedule, validation, recovery from failures, checkpoints."""
