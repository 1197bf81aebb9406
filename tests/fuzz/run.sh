#!/bin/sh
# run.sh NAME SECONDS: one fuzzer, from its seeds and from what it found before. Prints a line, and all it said when it failed.
set -u
name=$1
seconds=$2
cd "$(dirname "$0")/../.."
corpus=build/fuzz/corpus/$name
mkdir -p "$corpus" build/fuzz/found
folders=$corpus
for folder in "tests/fuzz/seeds/$name" "build/fuzz/seeds/$name"; do
  [ ! -d "$folder" ] || folders="$folders $folder"
done
# shellcheck disable=SC2086
if build/fuzz/tests/fuzz/${name}_fuzz $folders -dict=tests/fuzz/words.dict -max_total_time="$seconds" -timeout=20 \
  -rss_limit_mb=4096 -artifact_prefix="build/fuzz/found/$name-" >"build/fuzz/$name.log" 2>&1; then
  echo "$name: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\).*/\1 inputs in \2 s, none breaks it/p' "build/fuzz/$name.log")"
else
  cat "build/fuzz/$name.log"
  echo "$name: failed"
  exit 1
fi
