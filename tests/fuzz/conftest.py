"""The guided fuzzer is a program, and needs what is not installed for tests."""

collect_ignore = ["guided.py"]
