"""Us and our peers, side by side in one run: ``make bench``, or ``python -m benchmarks.run NAME``.

Ratios are what to look at. Client, server and load share this machine's cores.
"""

import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.scenarios import clients, embedded, serving

MODULES = {"embedded": embedded, "clients": clients, "serving": serving}


def main(names: list[str]) -> int:
    """Run the scenarios of some modules, or of all."""
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        print(f"no such benchmark: {unknown[0]}; there are {', '.join(MODULES)}")
        return 2
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("Clients, servers and loads share these cores: look at the ratios, and at the CPU.")
    for name in names or MODULES:
        with tempfile.TemporaryDirectory(prefix="cosbox-bench-") as folder, ExitStack() as stack:
            for scenario in MODULES[name].scenarios(Path(folder), stack):
                scenario.run()
                print(scenario.report(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
