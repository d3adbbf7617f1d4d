"""Self-contained HTML pages, each a single file that needs no network."""
