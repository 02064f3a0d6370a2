# make run    set up from nothing and serve          make check  format, lint and types
# make test   set up from nothing and run what each change is held to; fails past 25 minutes
# make thorough  what is left: all pages in a browser, the pool without a cluster, more networks (half an hour)
# make advisories  whether anything is known against the pinned packages
# make bench  the benchmarks (hours; DATA=folder for all)
# make soak   faults with 200 jobs in flight, 50 browsers beside 1,000 jobs (an hour; LOAD=0.1 for a tenth),
#             and every hostile input
# make trust-table DATA=folder   how often the trust panel fails broken and sound explainers (an hour; resumable)
# make completeness  DeepLIFT on 92 networks

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export RAY_USAGE_STATS_ENABLED = 0
export STREAMLIT_BROWSER_GATHER_USAGE_STATS = false
export OMP_WAIT_POLICY = passive

# of tests, without setting up
MINUTES := 25

.PHONY: run test thorough advisories check unit whole soak javascript bench trust-table completeness clean
.DELETE_ON_ERROR:

run: $(VENV)/run
	@exec $(BIN)/python -m app serve

test: $(VENV)/dev $(VENV)/chromium $(VENV)/servers
	@begun=$$(date +%s); $(MAKE) --no-print-directory check unit javascript whole || exit 1; \
	seconds=$$(($$(date +%s) - begun)); echo "Whylens: all checks and tests passed, in $$((seconds / 60)) minutes"; \
	test $$seconds -le $$(($(MINUTES) * 60)) || { echo "Whylens: $(MINUTES) minutes are the limit"; exit 1; }

check: $(VENV)/dev
	@echo "Whylens: format, lint, types"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy app explainers models benchmarks scripts tests

unit: $(VENV)/dev
	@echo "Whylens: unit and contract tests"
	@$(BIN)/python -m pytest -q -n auto -m "not (browser or topology or soak or thorough)"

javascript:
	@echo "Whylens: JavaScript tests"
	@command -v node >/dev/null || { apt-get update -qq && apt-get install -qq -y nodejs; }
	@node --test tests/static/*.test.mjs

whole: $(VENV)/dev $(VENV)/chromium $(VENV)/servers
	@echo "Whylens: whole-system tests, with the worker pool and a real browser"
	@$(BIN)/python -m pytest -q -m "(browser or topology) and not thorough"

thorough: $(VENV)/dev $(VENV)/chromium $(VENV)/servers
	@echo "Whylens: all pages, the pool without a cluster, more networks"
	@$(BIN)/python -m pytest -q -n auto -m "thorough and not (browser or topology or soak)"
	@$(BIN)/python -m pytest -q -m "thorough and (browser or topology)"

# of the pinned packages, as far as the network tells; pip-audit has an environment of its own
advisories: $(VENV)/dev
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1; }
	@$(BIN)/python -m scripts.advisories $(VENV)/audit/bin/pip-audit

# the faults with 200 jobs in flight each time (an hour), the load, and all hostile files and requests
soak: $(VENV)/dev $(VENV)/servers
	@RECORD_SOAK=1 $(BIN)/python -m pytest -q -m soak
	@RECORD_SOAK=1 JOBS_IN_FLIGHT=200 $(BIN)/python -m pytest -q tests/topology/test_faults.py

# DATA: a folder with imagenet_samples/, coco_boxes/ and text/; without it the benchmarks that need one are left out
bench: $(VENV)/dev $(VENV)/chromium
	@for name in engine precision serving brush brush_frames rise_agreement planted_shortcut; do \
		echo "Whylens: benchmark $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done
	@$(BIN)/python -m benchmarks.kernel_shap --side 128 $(if $(DATA),--photographs "$(DATA)/imagenet_samples")
	@RECORD_LATENCY=1 $(BIN)/python -m pytest -q tests/browser/test_story.py
	@if [ -n "$(DATA)" ]; then \
		$(BIN)/python -m benchmarks.accuracy --data "$(DATA)" && \
		$(BIN)/python -m benchmarks.pointing --data "$(DATA)/coco_boxes" && \
		$(BIN)/python -m benchmarks.text_accuracy "$(DATA)/text" && \
		$(BIN)/python -m benchmarks.text_deletion "$(DATA)/text" && \
		$(BIN)/python -m benchmarks.concepts --data "$(DATA)" && \
		$(BIN)/python -m benchmarks.concepts_at_scale --data "$(DATA)"; fi
	@echo "Whylens: benchmarks written to benchmarks/results"

# what is done stays in data/trust, so it can be stopped and taken up again
trust-table: $(VENV)/dev
	@test -n "$(DATA)" || { echo "Whylens: say where the photographs are: make trust-table DATA=folder"; exit 2; }
	@$(BIN)/python -m benchmarks.trust --data "$(DATA)/imagenet_samples"

# resumable: networks measured before are kept in benchmarks/results/completeness.json
completeness: $(VENV)/dev
	@$(BIN)/python -m benchmarks.completeness
	@echo "Whylens: the table is in benchmarks/results/completeness.json"

$(VENV)/python:
	@echo "Whylens: making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/python requirements.txt constraints.txt
	@echo "Whylens: installing what it runs on (a few minutes the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	@echo "Whylens: installing what tests need"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Debian's browser where apt is there, without windows, which works less on a page; else the one Playwright brings
$(VENV)/chromium: $(VENV)/dev
	@command -v chromium-headless-shell >/dev/null || { \
		echo "Whylens: installing Chromium"; \
		if command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -qq -y chromium-headless-shell >/dev/null; \
		else $(BIN)/python -m playwright install chromium; fi; }
	@touch $@

# Debian's servers where apt is there; without them the tests that need them say so and are skipped
$(VENV)/servers: $(VENV)/dev
	@command -v nginx >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null && echo "Whylens: installing PostgreSQL and nginx" && \
		apt-get update -qq && apt-get install -qq -y postgresql nginx-light openssl >/dev/null || true; }
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
