"""The environment and the browser that everything else needs."""
