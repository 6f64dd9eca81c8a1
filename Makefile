# make          environment, then everything that config.yaml asks for
# make help     the other goals

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
	&& echo "$$python" && break; done)
BIN := .venv/bin
# The lock as it was installed; an existing .venv is brought up to a new lock, not built again.
INSTALLED := .venv/installed.lock

.DEFAULT_GOAL := all
.PHONY: all environment test study plan status lint bench coverage gpu soak clean help

all: environment
	$(BIN)/snakemake --cores all
	@echo; $(BIN)/python -m stilts.commands.verdicts \
		results/$$(sed -n 's/^scale: *\([A-Za-z0-9_-]*\).*/\1/p' config.yaml)

environment: $(INSTALLED)

$(INSTALLED): requirements.lock
	@case "$(CURDIR)" in *" "*) echo "error: '$(CURDIR)' has a space in it, and Snakemake's jobs" \
		"cannot call a Python there: move the project to a folder without one" >&2; exit 1;; esac
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer on PATH: install one, or name" \
		"it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -c '' 2> /dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing the packages of requirements.lock into .venv, 2 to 5 minutes the first time"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --requirement $<
	@cp $< $@

# A file at a time on every core; what judges the results of make, and SLURM's daemons, stay alone.
test: environment
	$(BIN)/python -m pytest -n logical --dist loadfile tests/unit tests/house tests/workflow
	$(BIN)/python -m pytest tests/results tests/slurm

study: environment
	@test -n "$(NAME)" || { echo "error: make study NAME=mine [FILES='train=a.csv validation=b.csv']" \
		"or [HUB=org/name MIRROR=/data/hub]" >&2; exit 1; }
	@$(BIN)/python -m stilts.commands.skeleton $(NAME) $(FILES) $(if $(HUB),--hub $(HUB)) \
		$(if $(CONFIG),--config $(CONFIG)) $(if $(MIRROR),--mirror $(MIRROR))

plan: environment
	@$(BIN)/snakemake --cores 1 --quiet all -- plan

status: environment
	@$(BIN)/snakemake --cores 1 --quiet all -- status

lint: environment
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

bench: environment
	$(BIN)/python -m benchmarks

coverage: environment
	@$(BIN)/python -m benchmarks.coverage $(ARGS)

# With the Python that is there, not with .venv: a machine with a GPU has its own torch.
gpu:
	@$(PYTHON) -m benchmarks.gpu $(ARGS)

# How many minutes of faults; needs SLURM's programs and root, writes docs/soak.md.
MINUTES ?= 60
soak: environment
	$(BIN)/python -m tests.slurm.soak $(MINUTES)

clean:
	rm -rf .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

help:
	@echo "make        create .venv, then run everything that config.yaml asks for"
	@echo "make study  NAME=mine: write a study of your own to begin with; see docs/your_own_question.md"
	@echo "make plan   say what would run, hours and disk, before anything runs"
	@echo "make status say what is done, at work and failed, and what to type next"
	@echo "make test   create .venv, then run the tests"
	@echo "make lint   check the style of Python and rule files, and Snakemake's own lint"
	@echo "make bench  time the engine and the workflow against the customary ways, 15 minutes"
	@echo "make coverage  see by simulation how often each interval holds, 3 minutes; docs/coverage.md"
	@echo "make gpu    check and time the engine on this machine's GPU, 8 minutes; see README"
	@echo "make soak   strike a SLURM of its own with faults for an hour [MINUTES=60], into docs/soak.md"
	@echo "make clean  remove caches; results and .venv stay"
