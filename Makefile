# `make run` and `make test` set up everything they need. Paths are relative and programs are called as
# `python -m`: both work in a folder with spaces in its name, where the scripts of a virtual environment don't.
SHELL := /bin/bash
PYTHON := .venv/bin/python
CODE := manage.py contiple agents helpcenter chat tickets tests
# More workers than cores: tests often wait for other processes. A file stays in one worker, because a browser and an event
# loop can't share a process at one time.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder
# What a production installation sets. Its secrets are drawn at random and forgotten. No database is asked.
PRODUCTION := CONTIPLE_MODE=production TRUST_PROXY=1 DATABASE_URL=postgresql://localhost/none REDIS_URL=redis://localhost \
	PUBLIC_ORIGIN=https://desk.example.com SECRET_KEY=$(shell head -c 48 /dev/urandom | base64) \
	MASKING_KEYS=none:$(shell head -c 32 /dev/urandom | base64)

.PHONY: run cluster test soak bench lint format lock translations screenshots clean

run: ## start everything on this machine: http://localhost:8000, or PORT=8001
	@bash .ci/set-up run
	@$(PYTHON) -m contiple.translations --compile
	@CONTIPLE_MODE=local $(PYTHON) manage.py run

cluster: ## the same as on many machines: 2 web processes, a worker and Redis behind one port
	@bash .ci/set-up cluster
	@$(PYTHON) -m contiple.translations --compile
	@CONTIPLE_MODE=local $(PYTHON) manage.py cluster

test: ## everything that is checked
	@bash .ci/set-up test
	@$(PYTHON) -m contiple.translations --compile
	@$(MAKE) --no-print-directory lint
	$(PYTHON) -m tests.twice $(WORKERS)

soak: ## the long fault tests: faults at random under load (SOAK=seconds, SEED=number), and by the clock on the wall
	@bash .ci/set-up test
	@$(PYTHON) -m contiple.translations --compile
	$(PYTHON) -m pytest tests/faults tests/tickets/mail -m soak -s
	SOAK=$${SOAK:-180} $(PYTHON) -m pytest tests/chat/test_crowded_address.py -s

bench: ## measure the figures of speed (BENCH=--quick: in two minutes): a table, and .bench/results.json
	@bash .ci/set-up test
	@$(PYTHON) -m contiple.translations --compile
	@$(PYTHON) -m tests.bench $(BENCH)

lint:
	$(PYTHON) -m ruff check $(CODE)
	$(PYTHON) -m ruff format --check $(CODE)
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(PRODUCTION) $(PYTHON) -m mypy
	$(PYTHON) -m djlint templates --lint --quiet
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

format:
	-$(PYTHON) -m ruff check --fix --quiet $(CODE)
	$(PYTHON) -m ruff format $(CODE)

lock: ## pin the newest set that fits pyproject.toml, for every Python it names
	@bash .ci/set-up test
	@$(PYTHON) -m pip install --quiet --target .venv/uv uv
	@PYTHONPATH=.venv/uv $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade --system-certs \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock pyproject.toml
	@sed -i -E "s/ and platform_python_implementation == 'CPython' and sys_platform == 'linux'//; \
		s/ ; python_full_version < '3.15'\$$//" requirements.lock

translations: ## bring new messages of the code into locale/, then translate them there
	@bash .ci/set-up run
	@$(PYTHON) -m contiple.translations

screenshots: ## the pictures of the README
	@bash .ci/set-up test
	@$(PYTHON) -m contiple.translations --compile
	SHOTS=1 $(PYTHON) -m pytest $(WORKERS) tests/browser

clean: ## forget what was installed; the data in .data stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis test-results
