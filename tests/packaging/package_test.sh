#!/bin/sh
# A package is installed on a fresh Debian, used, and purged. Root, debootstrap and a mirror are needed: './dev package-test'.
# package_test.sh PACKAGE.deb FOLDER: the folder keeps the fresh system for the next time.
set -eu
package=$(realpath "$1")
folder=$(realpath -m "$2")
cd "$(dirname "$0")"

root=$folder/root
mkdir -p "$folder"

fail() { printf '%s\n' "package_test: $*" >&2; exit 1; }
step() { printf '%s\n' "- $*"; }
inside() { LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

if [ ! -e "$folder/fresh.tar" ]; then
  # The mirror that this machine uses, and the other commands that the test wants.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
  rm -rf "$folder/new"
  debootstrap --variant=minbase --include=ca-certificates,man-db,systemd bookworm "$folder/new" \
    "${mirror:-http://deb.debian.org/debian}" >"$folder/debootstrap.log" || fail "see $folder/debootstrap.log"
  tar -C "$folder/new" -cf "$folder/fresh.part" .
  mv "$folder/fresh.part" "$folder/fresh.tar"
  rm -rf "$folder/new"
fi
rm -rf "$root"
mkdir "$root"
tar -C "$root" -xf "$folder/fresh.tar"
serving=
trap '[ -z "$serving" ] || kill "$serving" 2>/dev/null || true; rm -rf "$root"' EXIT
cp /etc/resolv.conf /etc/hosts "$root/etc/"
[ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$root/etc/apt/"
cp "$package" "$root/gembal.deb"
cp ../../packaging/healthy "$root/healthy"

step "installs, with what it depends on"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /gembal.deb >"$folder/install.log" 2>&1 ||
  { cat "$folder/install.log"; fail "it does not install"; }

step "gembal --version: $(inside gembal --version)"
inside gembal --help >/dev/null
# Libraries that are loaded when they are first used, which only their names in the program tell of.
for library in $(inside grep -aoE 'lib[a-z0-9_+-]+\.so\.[0-9.]+' /usr/bin/gembal | sort -u); do
  inside ldconfig -p | grep -qF "$library " || fail "nothing that the package depends on has $library"
done
for page in gembal gembal.toml; do step "man -w $page: $(inside man -w "$page")"; done
inside bash -c '. /usr/share/bash-completion/completions/gembal && complete -p gembal' >/dev/null || fail "no completion for bash"
for file in zsh/vendor-completions/_gembal fish/vendor_completions.d/gembal.fish doc/gembal/copyright \
  doc/gembal/changelog.gz doc/gembal/examples/gembal.toml; do
  [ -s "$root/usr/share/$file" ] || fail "there is no /usr/share/$file"
done
inside gembal config check --config /usr/share/doc/gembal/examples/gembal.toml || fail "the example is no configuration"

step "the user and the units: $(inside getent passwd gembal)"
[ "$(stat -c %a "$root/etc/default/gembal")" = 600 ] || fail "/etc/default/gembal can be read by all"
said=$(inside systemd-analyze verify --man=no gembal.service gembal.socket 2>&1 | grep gembal || true)
[ -z "$said" ] || fail "$said"

step "serves"
# Not by 'inside': the process to be stopped would be the function's.
LC_ALL=C chroot "$root" gembal serve --sandbox --listen 127.0.0.1:0 >"$folder/serve.log" 2>&1 &
serving=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's,^gembal listens on http://127.0.0.1:,,p' "$folder/serve.log")
  [ -z "$port" ] || break
  kill -0 "$serving" || { cat "$folder/serve.log"; fail "it does not serve"; }
  sleep 0.1
done
inside /healthy "$port" || fail "it is not healthy"
token=$(sed -n 's,^  client token *,,p' "$folder/serve.log")
answer=$(inside bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"
  body="{\"model\":\"gemini-flash-latest\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
  printf "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n%s" \
    "$1" "${#body}" "$body" >&3
  cat <&3' "$port" "$token")
case $answer in
  *'"chat.completion"'*) ;;
  *) fail "it does not answer: $answer" ;;
esac
kill "$serving"
wait "$serving" || fail "it ended with status $?"
serving=
! inside /healthy "$port" 2>/dev/null || fail "healthy, and gone"

step "is the machine's daemon under systemd, alone and behind gembal.socket"
cp boot_check.sh "$root/boot_check.sh"
cat >"$root/etc/systemd/system/check.service" <<'UNIT'
[Unit]
After=gembal.service
[Service]
Type=oneshot
ExecStart=/boot_check.sh
[Install]
WantedBy=multi-user.target
UNIT
inside systemctl -q enable gembal.service check.service
timeout 300 systemd-nspawn -q -D "$root" --register=no --keep-unit --boot </dev/null >"$folder/boot.log" 2>&1 || true
cat >"$folder/expected" <<'SAID'
started: active healthy serves http://127.0.0.1:8000
shut: 0000000000000000 1 2 
added 1, already there 0
store: gembal 600
reloaded: active
stopped: success 0
waiting: inactive
awake: active
SAID
diff "$folder/expected" "$root/check.log" || fail "see $folder/boot.log"
inside systemctl -q disable gembal.service check.service
rm "$root/etc/systemd/system/check.service"

step "keeps its keys when it is removed, and nothing when it is purged"
inside apt-get remove -y -qq gembal >"$folder/install.log" 2>&1 || { cat "$folder/install.log"; fail "it cannot be removed"; }
[ -e "$root/var/lib/gembal/gembal.db" ] && [ -e "$root/etc/default/gembal" ] || fail "the keys or the settings are gone"
inside apt-get purge -y -qq gembal >"$folder/install.log" 2>&1 || { cat "$folder/install.log"; fail "it cannot be purged"; }
left=$(find "$root/usr" "$root/etc" "$root/var/lib/gembal" -xdev -name '*gembal*' 2>/dev/null || true)
[ -z "$left" ] || fail "left over: $left"
printf '%s\n' "package_test: all is well"
