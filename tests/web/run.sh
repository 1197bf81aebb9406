#!/bin/sh
# run.sh GEMBAL [ARG…]: the tests of the admin pages, in chromium, against that program. ARG… goes to 'node --test'.
# run.sh GEMBAL bench: how fast they are with 10,000 keys.
# Installs what they need beside them first, when it is not there. Needs node, npm and chromium.
set -eu
GEMBAL=$(realpath "$1")
export GEMBAL
shift
cd "$(dirname "$0")"
(
  # Another process may be at it.
  exec 9>node_modules.lock
  flock 9
  cmp -s package-lock.json node_modules/.installed || {
    npm ci --loglevel=error && cp package-lock.json node_modules/.installed
  }
) >&2
[ "${1:-}" != bench ] || exec node bench.mjs
exec node --test --test-reporter=spec "$@" pages.test.mjs
