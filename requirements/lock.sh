#!/usr/bin/env bash
# Write exact versions with hashes of all that is installed, for every platform: lock.sh UV INTO [--upgrade]
# Without --upgrade what is pinned in INTO stays as long as pyproject.toml allows it. One resolution of everything comes
# first, and each file takes its versions from there; a file holds only what those before it do not. No torch: its build
# differs by machine, and it names its own CUDA libraries exactly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=$1 into=$2
shift 2
all=$(mktemp)
trap 'rm -f "$all" "$all".*' EXIT
cat "$into"/{build,demo,image,test,neural}.txt >"$all" 2>/dev/null || true

compile() { # ARGUMENT…: pins on stdout
  "$uv" pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url "$@"
}
extras() { printf -- '--extra %s ' "$@"; }
without() { # FILE…: leave out what they hold, and torch with what it brings
  sed -nE 's/^([a-z0-9._-]+)==.*/--no-emit-package \1/p' "$@"
  sed -nE 's/^(torch|triton|(nvidia|cuda)-[a-z0-9-]+)==.*/--no-emit-package \1/p' "$all"
}
pins() { # NAME ARGUMENT…
  compile --generate-hashes --constraint "$all" "${@:2}" --output-file "$all.$1" >/dev/null
  mv "$all.$1" "$into/$1.txt"
}

tests=$(extras espeak kokoro evaluate farm s3 postgres dev)
# shellcheck disable=SC2046,SC2086
{
  compile "$@" $tests $(extras coqui musetalk) pyproject.toml requirements/build.in --output-file "$all" >/dev/null
  pins build requirements/build.in
  pins demo $(extras espeak kokoro) pyproject.toml $(without "$into/build.txt")
  before="$into/build.txt $into/demo.txt"
  pins image $(extras espeak kokoro farm s3 postgres) pyproject.toml $(without $before)
  before="$before $into/image.txt"
  pins test $tests pyproject.toml $(without $before)
  pins neural $(extras coqui musetalk) pyproject.toml $(without $before)
  cp "$into/lips.txt" "$all" 2>/dev/null || : >"$all"
  compile "$@" --generate-hashes requirements/lips.in --output-file "$all" >/dev/null
  compile --generate-hashes --no-deps - <<<'mediapipe==0.10.21' >>"$all"
  cp "$all" "$into/lips.txt"
}
