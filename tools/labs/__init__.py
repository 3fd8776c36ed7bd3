"""Labs are released to students, marked, and written about; the quiz is checked and exported."""
