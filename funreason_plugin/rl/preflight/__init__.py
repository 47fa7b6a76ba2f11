"""`check rl DIR RECIPE`: what would fail, or train on something else, found before a GPU hour is spent."""
