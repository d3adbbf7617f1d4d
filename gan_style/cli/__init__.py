"""Command-line interface: one module per subcommand, which parses options, calls the library and prints the result."""
