"""What the pages of the site call, run by Python in the reader's browser."""
