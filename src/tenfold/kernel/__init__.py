"""What every part of Tenfold shares and nothing else: no I/O, no framework."""
