"""Is the guide's advice true? Designs drawn at random, and what strategies make of them."""
