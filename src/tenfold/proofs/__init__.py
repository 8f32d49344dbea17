"""Promises that anyone can try: each proof is a command, and what it found is kept as evidence."""
