"""The calls of the client, by subject, with the seed's names, positions and results."""
