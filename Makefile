# `make run` and `make test` are all a newcomer needs; python3 and make are all that must be there.

VENV := .venv
UV := .uv/bin/uv
UV_VERSION := 0.13.9
MODEL := models/companion.tar.gz
MODEL_INPUTS := config.yml domain.yml $(shell find data content bot/nlu -type f \( -name '*.yml' -o -name '*.py' \))

export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export TQDM_DISABLE := 1
export PYTHONWARNINGS := ignore::DeprecationWarning
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help install train run test evaluate bench check lock

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## Install everything into this folder

$(UV):
	@echo "Fetching uv ..."
	@python3 -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.installed: requirements.lock pyproject.toml .python-version | $(UV)
	@echo "Installing the pinned packages (about 3 GB on disk; a minute or two) ..."
	$(UV) venv --quiet --clear $(VENV)
	$(UV) pip sync --python $(VENV) --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --python $(VENV) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

train: $(MODEL)  ## Train the model if its inputs changed

$(MODEL): $(MODEL_INPUTS) | install
	@echo "Checking the content ..."
	@companion check
	@echo "Training the model (half a minute) ..."
	@rasa train $(if $(filter bot/nlu/%,$?),--force) --skip-validation --fixed-model-name companion --out models
	@touch $@

run: install train  ## Install, train and serve on http://127.0.0.1:5005
	@companion serve

test: install train  ## Run all tests
	@echo "Pure tests ..."
	pytest -q -m "not model and not server"
	@echo "Model, conversations and server ..."
	pytest -v -m "model or server"
	@echo "Rasa's own test stories ..."
	rasa test core --model $(MODEL) --stories tests/stories --out var/rasa-test --fail-on-prediction-errors

evaluate: install train  ## Measure understanding on the held-out sets and write docs/evaluation.md
	@python -m tests.nlu.evaluation

bench: install  ## Compare the pipeline with stock Rasa on the same sentences (a quarter of an hour)
	@python -m bench.nlu

check: install  ## Lint, types, content, Rasa's data validation
	ruff format --check .
	ruff check .
	mypy
	companion check
	rasa data validate --fail-on-warnings

lock: $(UV)  ## Pin the newest versions that fit together
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.10 \
		--generate-hashes --no-header --upgrade --output-file requirements.lock
