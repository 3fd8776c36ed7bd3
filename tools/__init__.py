"""What keeps the chapters true: run, compare, refresh, and check them."""
