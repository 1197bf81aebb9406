#!/bin/sh
# The systemd units are valid, and shut as much as they are meant to. Needs systemd-analyze, but no running systemd.
# units_test.sh GEMBAL: the binary that they start.
set -eu
gembal=$1
cd "$(dirname "$0")/../../packaging"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR="$work" SYSTEMD_LOG_LEVEL=warning LC_ALL=C

# unit FOLDER NAME FILE: as it is installed, but with the binary that was just built.
unit() {
  mkdir -p "$work/$1"
  sed "s,^ExecStart=gembal,ExecStart=$gembal," "$3" >"$work/$1/$2"
}
unit system gembal.service gembal.service
unit system gembal.socket gembal.socket
unit user gembal.service gembal.user.service
unit user gembal.socket gembal.socket

# verify SCOPE: what it finds to say is a failure, whatever its status.
verify() {
  said=$(systemd-analyze "--$1" verify --man=no "$work/$1/gembal.service" "$work/$1/gembal.socket" 2>&1) || true
  said=$(printf '%s\n' "$said" | grep gembal || true)
  [ -z "$said" ] || { printf '%s\n' "the $1 units:" "$said"; exit 1; }
}
verify system
verify user

# bound SCOPE TENTHS: the exposure that systemd sees in the unit, 0 (shut) to 100 (open).
bound() {
  systemd-analyze security --offline=true --threshold="$2" "$work/$1/gembal.service" >"$work/report" 2>&1 ||
    { cat "$work/report"; exit 1; }
  tail -n 1 "$work/report"
}
bound system 12
bound user 65
