"""The installation's own secrets, from wherever its operator keeps them."""
