"""How people prove who they are: passwords, second factors, sessions, links, other providers."""
