#!/usr/bin/env bash
# What the newest releases do otherwise than the record says, and a pull request for it.
#
#     .github/newest.sh stacks PYTHON PAGE    servers and frameworks: a page, where something differs
#     .github/newest.sh python PYTHON         an interpreter that is not on record: its records, and the reports
#     .github/newest.sh propose FOLDER        FOLDER takes the place of reports/newest, and all of reports/ is proposed
set -euo pipefail

BRANCH=newest
MOST=3 # of the commands that say since which release

stacks() {
  local python=$1 page=$2 told status=0
  told=$(mktemp)
  mkdir -p "$(dirname "$page")"
  .venv/bin/exitmatrix check --newest --pre --python "$python" --progress none --format markdown \
    >"$page" 2>"$told" || status=$?
  cat "$told" >&2
  case $status in
    0) rm "$page" ;; # all behave as on record
    1) since_when "$told" >>"$page" ;;
    *) rm "$page" && exit "$status" ;;
  esac
}

# `bisect` for what differs: check names the commands.
since_when() {
  local command
  printf '\n## Since which release\n'
  sed -n 's/^since which release: exitmatrix //p' "$1" | head -n "$MOST" | while read -r command; do
    printf '\n```\n'
    # Words of a command line that exitmatrix wrote: no quotes are in it.
    # shellcheck disable=SC2086
    timeout 600 .venv/bin/exitmatrix $command </dev/null 2>&1 || echo "no answer: exitmatrix $command"
    printf '```\n'
  done
}

python() {
  local python=$1 version
  version=$("$python" -c 'import platform; print(platform.python_version())')
  if compgen -G "reports/observations/*/cpython-$version.jsonl" >/dev/null; then
    echo "$version is on record"
  else
    .venv/bin/exitmatrix matrix --python "$python" --output reports --progress plain
  fi
}

propose() {
  local found=$1 title
  rm -rf reports/newest
  if [ -d "$found" ] && [ -n "$(ls -A "$found")" ]; then cp -r "$found" reports/newest; fi
  git add --all reports
  if git diff --cached --quiet; then
    echo "all behave as on record: nothing to propose"
    return
  fi
  title="What the newest releases do otherwise, $(date -u +%F)"
  git switch --quiet --force-create "$BRANCH"
  git -c user.name=exitmatrix -c user.email=exitmatrix@users.noreply.github.com \
    commit --quiet --message "$title"
  git push --quiet --force origin "$BRANCH"
  # One that is open shows the branch as it is now.
  if [ "$(gh pr list --head "$BRANCH" --state open --json number --jq length)" = 0 ]; then
    gh pr create --head "$BRANCH" --title "$title" --body \
      "Made by the workflow \`newest\`. A page in reports/newest/ names what differs, since which release, and the commands that show it. To accept a release, pin it in a file of declare/pins and measure it."
  fi
}

"$@"
