"""The command line: one file per subcommand; parse, call one library function, show what it did."""
