# `make run` and `make test` are all that a newcomer needs: each sets up what it uses.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: run test check fuzz bench crash serve format clean
.DELETE_ON_ERROR:

run: $(STAMP)  ## the tour: store real files, read them back, embedded and over HTTP
	$(PY) examples/tour.py

test: $(STAMP)  ## every test
	$(PY) -m pytest -n 2 --dist worksteal

check: $(STAMP)  ## lint, format, types and layers alone
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

FUZZ_SECONDS := 600

fuzz: $(STAMP)  ## look for input that harms, guided by coverage; what it learns stays in .fuzz
	$(PY) -m pip install --quiet --constraint constraints.txt --group fuzz
	nice $(PY) tests/fuzz/guided.py .fuzz -max_total_time=$(FUZZ_SECONDS)

bench: $(STAMP)  ## us and our peers side by side
	$(PY) -m benchmarks.run

crash: $(STAMP)  ## processes that have a store are killed 200 times
	COSBOX_KILLS=200 $(PY) -m pytest -s tests/crash

serve: $(STAMP)  ## a server on ./data
	$(VENV)/bin/cosbox serve data

format: $(STAMP)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Debian splits venv off Python; where it is missing and we may, we fetch it.
$(STAMP): pyproject.toml constraints.txt
	python3 -m venv $(VENV) || { apt-get update && apt-get install -y python3-venv && python3 -m venv --clear $(VENV); }
	$(PY) -m pip install --quiet --upgrade 'pip>=25.1'
	$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	touch $@
