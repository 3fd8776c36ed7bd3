"""The algebra: rows to crossproducts, crossproducts to estimates, one study or thousands."""
