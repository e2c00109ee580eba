"""Who runs beside us: a class for each, in `clients` and in `servers`."""
