"""Pages to be looked at in a browser, each one file that needs no other and no network."""
