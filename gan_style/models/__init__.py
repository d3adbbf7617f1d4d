"""Networks, each with a frozen config beside it."""
