"""Coverage-guided fuzzing of everything behind the socket: ``make fuzz``.

libFuzzer changes the bytes of whole connections and keeps those that reach new lines. An exception
that escapes, or an answer of 5xx other than 501, is a finding: the bytes go to ``crash-*``. This
program replays the file that it is given.
"""

import logging
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["cosbox"], enable_loader_override=False):
    from support.unwired import SEEDS, Harness, seed, words


def main():
    """Fuzz: the first argument is a folder for what was found so far, others are libFuzzer's."""
    logging.disable(logging.CRITICAL)
    corpus = Path(sys.argv[1])
    if not corpus.is_file():
        corpus.mkdir(exist_ok=True)
        for number, request in enumerate(SEEDS):
            (corpus / f"seed-{number}").write_bytes(seed(*request))
    with tempfile.TemporaryDirectory() as folder:
        dictionary = Path(folder, "words")
        dictionary.write_text(words())
        harness = Harness(f"{folder}/store")
        atheris.Setup([*sys.argv, f"-dict={dictionary}", "-max_len=8192"], harness.serve)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
