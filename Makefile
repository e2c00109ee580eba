# `make run` and `make test` are all that a newcomer needs: each sets up what it uses.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench

.PHONY: run test check fuzz bench bench-scale crash soak serve format clean
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

bench: $(BENCH_STAMP)  ## us and our peers side by side; make bench NAMES="clients streams" for some
	$(PY) -m benchmarks.run $(NAMES)

bench-scale: $(BENCH_STAMP)  ## the same with ten million objects: minutes more, and 5 GB of disk
	$(PY) -m benchmarks.run --scale

crash: $(STAMP)  ## processes that have a store are killed 200 times, and their power cut as often
	COSBOX_KILLS=200 COSBOX_CUTS=200 $(PY) -m pytest -s tests/crash

soak: $(STAMP)  ## many clients and kills for half an hour: memory and descriptors stay flat
	COSBOX_SOAK_MINUTES=$${COSBOX_SOAK_MINUTES:-30} $(PY) -m pytest -s tests/soak

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

# What is missing is named in the results, so a machine without Debian's packages does as well.
$(BENCH_STAMP): $(STAMP)
	$(PY) -m pip install --quiet --constraint constraints.txt --group bench
	command -v wrk >/dev/null && test -x /usr/sbin/nginx || apt-get install -y --no-install-recommends wrk nginx-light || true
	touch $@
