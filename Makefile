# Every target sets up .venv by itself; it needs Python 3.11 or newer and nothing else.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check docs bench bench-serving attack serve ui lock clean

unexport PYTHONDONTWRITEBYTECODE
export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
export BENTOML_DO_NOT_TRACK := True

BIN := .venv/bin
READY := .venv/.installed
PYTHON ?= python3.11 python3
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## learn from a real grocer and answer over HTTP; ONCE=1 stops after the answers
	$(BIN)/python -m pipelines.demo $(if $(ONCE),--once) $(ARGS)

setup: $(READY) ## make .venv and nothing else

# Three workers on two cores, since half of the time is spent waiting; one thread of OpenMP each, for more wait for each other.
test: export OMP_NUM_THREADS := 1
test: export OPENBLAS_NUM_THREADS := 1
test: $(READY) ## run the tests; ARGS="-m 'not slow'" or any other pytest arguments
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder --durations=10 $(ARGS)

check: $(READY) ## format, lint, types, import contracts, deployment files, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict deploy/cronjob.yaml deploy/service.yaml
	$(MAKE) --no-print-directory docs

docs: $(READY) ## build the documentation into build/docs; a warning is an error
	$(BIN)/sphinx-build -W --keep-going -q docs build/docs

bench: $(READY) ## measure what docs/benchmarks.md claims
	$(BIN)/python -m benchmarks $(ARGS)

bench-serving: $(READY) ## measure what serving costs beside the bare minimum; needs wrk and redis-server
	$(BIN)/python -m benchmarks.serving $(ARGS)
	$(BIN)/python -m benchmarks.serving.audiences

attack: $(READY) ## attack a small shop and its service, and write docs/attacks.md; needs redis-server, and root for a tmpfs
	$(BIN)/python -m benchmarks.attacks $(ARGS)

serve: $(READY) ## serve the champion; ARGS="--port 3001 --as-of 2017-12-01"
	$(BIN)/flywheel serve $(ARGS)

ui: $(READY) ## open the MLflow UI on the same store
	$(BIN)/flywheel ui $(ARGS)

lock: $(READY) ## pin requirements*.in again, keeping pins that still fit; ARGS=--upgrade renews them
	for list in requirements requirements-dev; do \
	    $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
	        $(ARGS) $$list.in -o $$list.txt || exit 1; \
	done

clean: ## remove what the other targets made, but never a home with its releases
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.txt requirements.in pyproject.toml
	@rm -f $@
	@for python in $(PYTHON); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Setting up .venv with $$python; this takes a few minutes the first time."; \
	        exec "$$python" -m venv .venv; \
	    fi; \
	done; \
	echo "None of '$(PYTHON)' is Python 3.11 or newer. Install one, or name yours: make PYTHON=/path/to/python3." >&2; \
	exit 1
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
