# Two commands: `make demo` compares classical and learned methods on rendered scenes and writes a report;
# `make test` runs every test. Both set up what they need in .venv first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt
SOURCES := $(shell find csrc -type f) CMakeLists.txt pyproject.toml
CPP := $(shell find csrc tests/cpp examples/cpp benches -name '*.[ch]pp' -o -name '*.cu*' -o -name '*.h' 2>/dev/null)
CMAKE := $(BIN)/cmake -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja

SECONDS ?= 600
SEED ?= 1

.PHONY: demo test pytest lint format bench bench-kernels bench-scenes limits growth busy clean cpp-tests sanitize fuzz tsan
.DEFAULT_GOAL := help

help:
	@echo 'make demo    compare classical and learned on rendered scenes, write out/demo.html'
	@echo 'make test    every test, C++ and Python'
	@echo 'make lint    ruff, mypy, clang-format    make format   mend what they can'
	@echo 'make bench   kernels against the fastest peers, and every method on real scenes'
	@echo 'make fuzz    random arguments under sanitizers, SECONDS=600    make tsan    races of threads'
	@echo 'make clean   remove what was built'

$(VENV)/python: constraints.txt
	@PYTHON=$(PYTHON) bash .ci/system-packages build
	@test -x $(BIN)/python || { echo 'Making a virtual environment in $(VENV)'; $(PYTHON) -m venv $(VENV); }
	@echo 'Installing build tools'
	@$(PIP) scikit-build-core pybind11 cmake ninja
	@touch $@

# Where there is a GPU, the CUDA twins are built for it, elsewhere for one: a wheel has code for all.
CUDA_ARCHITECTURES := $(if $(wildcard /dev/nvidia0),native,90)
EDITABLE := --no-build-isolation --config-settings=cmake.define.CMAKE_CUDA_ARCHITECTURES=$(CUDA_ARCHITECTURES)

# The editable install builds the C++ core into geomvision/ and runs the Python files where they lie.
$(VENV)/geomvision: $(VENV)/python $(SOURCES)
	@echo 'Building the C++ core and installing what running needs (PyTorch is the large one)'
	@$(PIP) $(EDITABLE) -e '.[learned,reference]'
	@touch $@

$(VENV)/dev: $(VENV)/geomvision
	@PYTHON=$(PYTHON) bash .ci/system-packages test
	@echo 'Installing what tests need'
	@$(PIP) $(EDITABLE) -e '.[learned,reference,dev]'
	@touch $@

demo: $(VENV)/geomvision
	@$(BIN)/geomvision demo --out out/demo.html

test: cpp-tests pytest

# Test processes share the cores: each has one OpenMP thread where a test asks for no more, and idle ones sleep.
pytest: $(VENV)/dev
	@echo 'Python tests'
	@OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n $(JOBS) --dist worksteal --durations 30

# `make cpp-tests` and `make sanitize` build apart from the installed core, with tests and warnings as errors.
cpp-tests: $(VENV)/dev
	@bash tests/cpp/run.sh build/tests '$(CMAKE)' -DCMAKE_CUDA_ARCHITECTURES=$(CUDA_ARCHITECTURES) $(PYTHON_PACKAGES)

# Lazily: the environment is there by then.
PYTHON_PACKAGES = -DPython_EXECUTABLE=$(abspath $(BIN))/python -Dpybind11_DIR=$$($(BIN)/python -m pybind11 --cmakedir)
SANITIZED := -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGEOMVISION_CUDA=OFF -DGEOMVISION_SANITIZE

sanitize: $(VENV)/dev
	@bash tests/cpp/run.sh build/sanitize '$(CMAKE)' $(SANITIZED)=ON
	@[ ! -x build/sanitize/tests/cpp/geomvision_fuzz ] || build/sanitize/tests/cpp/geomvision_fuzz 15

# Random arguments for the public C++ API. Another SEED finds other things; a failure prints the seed of its case.
fuzz: sanitize
	@build/sanitize/tests/cpp/geomvision_fuzz $(SECONDS) $(SEED)

# Several callers of the pool and of threaded methods at once, a fork among them, under ThreadSanitizer.
tsan: $(VENV)/dev
	@bash tests/cpp/threads.sh build/tsan '$(CMAKE)' $(SANITIZED)=thread

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

bench: bench-kernels bench-scenes

# Our kernels against OpenCV and torch, with bars, limits, memory and scaling. OPTIONS='--rows SGM' measures a part.
bench-kernels: $(VENV)/dev
	$(BIN)/python benches/kernels.py $(OPTIONS)

# Every method under every protocol on real scenes.
bench-scenes: $(VENV)/dev
	$(BIN)/python benches/scenes.py
	$(BIN)/python benches/learned_stereo.py

limits: $(VENV)/dev
	@$(CMAKE) -S . -B build/benches -DGEOMVISION_BENCHES=ON >/dev/null
	@$(BIN)/cmake --build build/benches --target geomvision_limits
	@build/benches/benches/limits/geomvision_limits

# Time against pixels and disparities, up to 30 megapixels: the figure of docs/performance.md.
growth: $(VENV)/dev
	$(BIN)/python benches/growth.py

# Methods beside processes that want the same cores.
busy: $(VENV)/dev
	$(BIN)/python benches/busy.py

clean:
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find geomvision tests benches examples -name __pycache__ -prune -exec rm -rf {} +
	rm -f geomvision/_core*.so geomvision/_cuda*.so
