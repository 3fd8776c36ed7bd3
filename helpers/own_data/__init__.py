"""A reader's own data: from a file to what can be said of it."""
