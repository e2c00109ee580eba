"""Files of any size, as flows: what `cosbox.transfer` plans, done."""
