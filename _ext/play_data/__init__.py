"""Numbers of the module that playthings need: what `numbers()` of each file returns, as JSON."""
