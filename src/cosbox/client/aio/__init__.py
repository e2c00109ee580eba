"""The async client: the flows of the client, driven by an event loop."""
