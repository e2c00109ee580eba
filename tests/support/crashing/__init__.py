"""Clients that know what they were promised, and servers that die under them."""
