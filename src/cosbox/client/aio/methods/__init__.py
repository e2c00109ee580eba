"""The calls of the async client, written from those of the sync client by tools/generate_async.py;
`base` alone is written by hand."""
