"""What an organisation decides for itself: people, teams, roles, fields, keys, policy."""
