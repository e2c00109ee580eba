"""How a file is moved in parts: what the parts are, which are done, what a later call may take up.

Everything here is pure: it neither sends nor reads anything. The flows of `cosbox.client.transfers`
ask it what to do next and tell it what came of that, under threads as under asyncio.
"""
