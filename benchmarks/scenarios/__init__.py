"""One file a scenario; each has ``scenarios(folder, stack)``, which yields them."""
