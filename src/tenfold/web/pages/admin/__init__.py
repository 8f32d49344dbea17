"""The pages by which an organisation is administered, for its owners and admins."""
