#!/bin/sh
# late_functions.sh NM READELF OUTPUT LIBRARY… -- MODULE…: writes which functions of the shared LIBRARYs the static MODULEs need, for
# lib/late/late_libraries.cpp. A library of which nothing is needed is left out. OUTPUT is not touched when it is right already.
set -eu
nm=$1 readelf=$2 output=$3
shift 3
libraries=
while [ "$1" != -- ]; do
  libraries="$libraries $1"
  shift
done
shift

work=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
"$nm" --undefined-only --format=just-symbols "$@" | sort -u >"$work/wanted"
library=0
function=0
for path in $libraries; do
  # Functions only: what is data has to be there from the start, and has its library linked as usual.
  "$nm" --dynamic --defined-only --without-symbol-versions --format=posix "$path" |
    awk '$2 ~ /^[TWi]$/ { print $1 }' | sort -u | comm -12 - "$work/wanted" >"$work/used"
  [ -s "$work/used" ] || continue
  soname=$("$readelf" --dynamic "$path" | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
  echo "GEMBAL_LIBRARY(\"$soname\")"
  while read -r name; do
    echo "GEMBAL_FUNCTION($library, $function, $name)"
    function=$((function + 1))
  done <"$work/used"
  library=$((library + 1))
done >"$work/written"
cmp -s "$work/written" "$output" || mv "$work/written" "$output"
