"""`alam contract check`: what of a contract, and of a recorded drive held against it, fits, line by line."""
