"""The verticals: words of their domain only, strangers to one another."""
