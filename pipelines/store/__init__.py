"""What lies where, and how it comes to be there: the home, whole files, the tables and the warehouse."""
