PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test test-all coverage mutants lint style types format docs lock

setup: $(READY)

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit('convsight needs Python 3.11 or later: make setup PYTHON=python3.12') if sys.version_info < (3, 11) else None"
	@echo "setup: makes .venv here with everything pinned in requirements/dev.txt: PyTorch, engines, tools of the tests."
	@echo "setup: about 2 GB come over the network and 6 GB lie on the disk; 3 to 10 minutes, with a line every package."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --progress-bar off --disable-pip-version-check --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)
	@echo "setup: done. Next: make demo, or: . .venv/bin/activate && convsight train PHOTOS"

# Trains on scikit-learn's scanned digits, judges, predicts, and says where everything is.
demo: $(READY)
	$(BIN)/python examples/demo.py

# Two test processes on two cores: each may use one, or they wait for one another. A file is run by one of them, or both
# would train what its tests share: 497 s instead of 577. Compiled modules are kept, whatever the environment says: tests
# start the command line many times, which would otherwise compile all of convsight each time.
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile -q

test: $(READY) style
	@$(call beside_lint,$(PYTEST) -m "not slow")

# Also what takes long and seldom changes: torchvision's detectors, exports of detectors.
test-all: $(READY) style
	@$(call beside_lint,$(PYTEST))

# Runs tests beside the checks that need, without mypy's cache, a core for a minute. What these say comes behind what the
# tests say, among which it would be lost; either may fail.
define beside_lint
words=$$(mktemp); $(MAKE) --no-print-directory types > $$words 2>&1 & types=$$!; \
trap "kill $$types 2> /dev/null; rm -f $$words" EXIT; trap 'exit 130' INT TERM; \
echo '$(1)'; $(1); tests=$$?; wait $$types; types=$$?; \
if [ $$types = 0 ]; then echo "mypy and lint-imports find nothing"; else cat $$words; fi; [ $$tests = 0 ] && [ $$types = 0 ]
endef

# Which lines and branches tests run, those of the command line's own processes too; measured and told, nothing hangs on it.
coverage: $(READY)
	$(BIN)/coverage erase
	-OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -n 2 --dist loadfile -q -m "not slow"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Plants faults in files changed since a commit and lists those that the tests miss: make mutants SINCE=main~5
SINCE ?= HEAD~1
mutants: $(READY)
	$(BIN)/python -m tools.mutants --since $(SINCE)

lint: style types

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Draws the drawing of the house in docs/design.md from the code, and builds the site; what Sphinx warns of is an error.
docs: $(READY)
	$(BIN)/python tools/house.py docs/house.svg
	$(BIN)/python -m tools.site build/site
	@echo "docs: open build/site/index.html"

# Renews the pinned versions; needs uv (pip install uv).
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate -q -o requirements/light.txt
	uv pip compile pyproject.toml --extra train --extra parquet --universal --python-version 3.11 --no-header --no-annotate -q -o requirements/train.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate -q -o requirements/dev.txt
