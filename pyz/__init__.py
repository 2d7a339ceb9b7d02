"""What builds exitmatrix.pyz, and what is run in it."""
