#!/bin/bash
# Runs under the systemd of a machine that has just been started with the package: says line by line how its daemon does.
# Part of package_test.sh.
exec >/check.log 2>&1
say() { printf '%s: %s\n' "$1" "$2"; }
unit() { systemctl show -P "$1" gembal.service; }

say started "$(systemctl is-active gembal.service) $(/healthy && echo healthy) $(unit StatusText)"
say shut "$(sed -n 's/^\(CapEff\|NoNewPrivs\|Seccomp\):\t//p' "/proc/$(unit MainPID)/status" | tr '\n' ' ')"
echo key-one | setpriv --reuid gembal --regid gembal --clear-groups gembal --store /var/lib/gembal/gembal.db keys add --exact
say store "$(stat -c '%U %a' /var/lib/gembal/gembal.db)"
before=$(unit MainPID)
systemctl reload gembal.service && [ "$(unit MainPID)" = "$before" ] && say reloaded "$(systemctl is-active gembal.service)"
systemctl stop gembal.service
say stopped "$(unit Result) $(unit ExecMainStatus)"

systemctl start gembal.socket
say waiting "$(systemctl is-active gembal.service)"
/healthy && say awake "$(systemctl is-active gembal.service)"
systemctl stop gembal.socket gembal.service
systemctl poweroff --force
