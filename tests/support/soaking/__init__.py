"""Many clients for a long time, and what that does to a server."""
