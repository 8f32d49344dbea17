"""People, organisations, sign-in and what each person may do."""
