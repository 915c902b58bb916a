# Two commands: `make demo` compares classical and learned methods on rendered scenes and writes a report;
# `make test` runs every test. Both set up what they need in .venv first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt
SOURCES := $(shell find csrc -type f) CMakeLists.txt pyproject.toml
CPP := $(shell find csrc tests/cpp examples/cpp -name '*.cpp' -o -name '*.hpp' 2>/dev/null)
CMAKE := $(BIN)/cmake -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja

.PHONY: demo test pytest lint format bench clean cpp-tests sanitize
.DEFAULT_GOAL := help

help:
	@echo 'make demo    compare classical and learned on rendered scenes, write out/demo.html'
	@echo 'make test    every test, C++ and Python'
	@echo 'make lint    ruff, mypy, clang-format    make format   mend what they can'
	@echo 'make bench   the table over real scenes   make clean    remove what was built'

$(VENV)/python: constraints.txt
	@PYTHON=$(PYTHON) bash .ci/system-packages build
	@test -x $(BIN)/python || { echo 'Making a virtual environment in $(VENV)'; $(PYTHON) -m venv $(VENV); }
	@echo 'Installing build tools'
	@$(PIP) scikit-build-core pybind11 cmake ninja
	@touch $@

# The editable install builds the C++ core into geomvision/ and runs the Python files where they lie.
$(VENV)/geomvision: $(VENV)/python $(SOURCES)
	@echo 'Building the C++ core and installing what running needs (PyTorch is the large one)'
	@$(PIP) --no-build-isolation -e '.[learned,reference]'
	@touch $@

$(VENV)/dev: $(VENV)/geomvision
	@PYTHON=$(PYTHON) bash .ci/system-packages test
	@echo 'Installing what tests need'
	@$(PIP) --no-build-isolation -e '.[learned,reference,dev]'
	@touch $@

demo: $(VENV)/geomvision
	@$(BIN)/geomvision demo --out out/demo.html

test: cpp-tests pytest

# Test processes share the cores: idle OpenMP threads must sleep, not spin.
pytest: $(VENV)/dev
	@echo 'Python tests'
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# `make cpp-tests` and `make sanitize` build apart from the installed core, with tests and warnings as errors.
cpp-tests: $(VENV)/dev
	@bash tests/cpp/run.sh build/tests '$(CMAKE)'

sanitize: $(VENV)/dev
	@bash tests/cpp/run.sh build/sanitize '$(CMAKE)' -DGEOMVISION_SANITIZE=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(BIN)/python tests/stubs.py --check

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)
	$(BIN)/python tests/stubs.py

bench: $(VENV)/dev
	$(BIN)/python benches/scenes.py

clean:
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find geomvision tests benches examples -name __pycache__ -prune -exec rm -rf {} +
	rm -f geomvision/_core*.so
