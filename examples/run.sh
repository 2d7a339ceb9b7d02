#!/usr/bin/env bash
# Runs each example as its exitmatrix.toml says, and writes its page to reports/examples/.
#
#     make examples [ARGS=pool]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$(cd .. && pwd)
out=$root/reports/examples
mkdir -p "$out"
status=0
for settings in ${1:-*}/exitmatrix.toml; do
  name=${settings%/*}
  echo "== $name"
  # The programs have an environment of their own; PYTHON... of the caller is not theirs.
  (cd "$name" && PATH="$root/examples/.venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 \
    "$root/.venv/bin/exitmatrix" run --progress none --markdown "$out/$name.md") || status=$?
done
exit "$status"
