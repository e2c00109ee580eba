"""HTTP/1.1 in front of the ASGI app: what comes in, what goes out, and how long either may take."""
