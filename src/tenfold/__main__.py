"""`python -m tenfold` is the command `tenfold`."""

from tenfold.cli import main

main()
