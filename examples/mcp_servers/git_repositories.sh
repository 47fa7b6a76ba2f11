#!/usr/bin/env bash
# bash examples/mcp_servers/git_repositories.sh
#
# Makes the repositories that conversations of git.json begin with, in git/ beside it: a repository holds none.
set -euo pipefail

cd "$(dirname "$0")"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_DATE=2026-01-05T10:00:00+0000 GIT_COMMITTER_DATE=2026-01-05T10:00:00+0000

# NAME FILE FIRST CHANGE BRANCH: a commit, a branch, and a change that is not committed
make() {
  rm -rf "git/$1"
  mkdir -p "git/$1/repo"
  git init -q -b main "git/$1/repo"
  git -C "git/$1/repo" config user.name Ann
  git -C "git/$1/repo" config user.email ann@example.com
  printf '%s\n' "$3" > "git/$1/repo/$2"
  printf 'Written in %s.\n' "$1" > "git/$1/repo/README"
  git -C "git/$1/repo" add .
  git -C "git/$1/repo" commit -q -m "Begin"
  git -C "git/$1/repo" branch "$5"
  printf '%s\n' "$4" >> "git/$1/repo/$2"
}

make garden plan.txt "Beans" "Peas" spring
make essay plan.txt "Opening" "Second part" draft
make choir plan.txt "Rehearsal on Monday" "Concert in June" june
