#!/usr/bin/env bash
# Try the newest versions that pyproject.toml allows in an environment that is thrown away: newer.sh UV PYTHON
# Says which they are beside those pinned, and whether the tests can be imported with them. Changes no file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=$1 python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

versions() { sed -nE 's/^([a-z0-9._-]+)==([^ ;]+).*/\1 \2/p' "$1"/*.txt | sort -u; } # FOLDER

mkdir "$work/newest"
requirements/lock.sh "$uv" "$work/newest"
if diff --unchanged-line-format= --old-line-format='- %L' --new-line-format='+ %L' \
  <(versions requirements) <(versions "$work/newest"); then
  echo "nothing newer than what is pinned"
  exit 0
fi
"$python" -m venv "$work/venv"
for pins in build demo image test; do
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes \
    -r "$work/newest/$pins.txt"
done
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-build-isolation \
  -e '.[espeak,kokoro,evaluate,farm,s3,postgres,dev]'
if "$work/venv/bin/python" -m pytest --collect-only -qq -p no:cacheprovider >"$work/log" 2>&1; then
  echo "the tests import with these: make lock UPGRADE=1, then make test"
else
  tail -n 40 "$work/log"
  echo "the tests do not import with these" >&2
  exit 1
fi
