"""The way out: calls to other servers, guarded, and the secrets that are kept elsewhere."""
