#!/usr/bin/env bash
# The second step of action.yml: ends the program, and gives the job what was seen.
#
# OWN/venv has exitmatrix; COMMAND and OPTIONS are texts, as a shell reads words.
set -euo pipefail

words() { # one a line; nothing in the text is run or replaced, and the program's PYTHON... is not heard
  TEXT=$1 "$OWN/venv/bin/python" -I -c 'import os, shlex; print(*shlex.split(os.environ["TEXT"]), sep="\n")'
}
split=$(words "$OPTIONS") && mapfile -t options <<<"$split"
split=$(words "$COMMAND") && mapfile -t command <<<"$split"
[ -n "$OPTIONS" ] || options=()
[ -n "$COMMAND" ] || command=()
unset OPTIONS COMMAND # the program has the caller's environment, and these were not in it

echo "records=$OWN/records.jsonl" >>"$GITHUB_OUTPUT"
status=0
"$OWN/venv/bin/exitmatrix" run --progress plain --github --json "$OWN/records.jsonl" \
  --markdown "$OWN/page.md" "${options[@]}" -- "${command[@]}" || status=$?
if [ -f "$OWN/page.md" ]; then cat "$OWN/page.md" >>"$GITHUB_STEP_SUMMARY"; fi
exit "$status"
