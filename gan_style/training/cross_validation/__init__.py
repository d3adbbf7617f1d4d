"""Cross-validation of batch size and length of training."""
