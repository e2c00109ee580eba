"""The client: everything between a caller's arguments and a transport."""
