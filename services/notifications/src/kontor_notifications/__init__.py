"""Who is told about what, by which channel: the bell, and e-mail in the name of the firm."""
