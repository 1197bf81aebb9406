#!/bin/sh
# Cross-builds the package for arm64 in a Debian of its own below build/, so that this machine gets no foreign packages.
# arm64_build.sh PACKAGE…: what building needs, by native names. As root, in a mount namespace of its own: './dev package arm64'.
set -eu
cd "$(dirname "$0")/.."
root=build/arm64-root
inside() { LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

if [ ! -e "$root/made" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >&2
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  inside dpkg --add-architecture arm64
  mkdir "$root/src"
  touch "$root/made"
fi
inside apt-get update -qq

# Libraries are arm64's; tools, and packages that are the same everywhere, this machine's.
wanted="crossbuild-essential-arm64 qemu-user-static"
for package in "$@"; do
  case $package in
    g++) ;;
    lib*-dev)
      if inside apt-cache show --no-all-versions "$package" | grep -q '^Architecture: all'; then
        wanted="$wanted $package"
      else
        wanted="$wanted $package:arm64"
      fi
      ;;
    *) wanted="$wanted $package" ;;
  esac
done
# shellcheck disable=SC2086
inside apt-get install -y -qq --no-install-recommends $wanted >&2

mount --bind . "$root/src"
mount -t proc proc "$root/proc"
inside env -C /src GEMBAL_LAUNCHER="${GEMBAL_LAUNCHER-}" CCACHE_DIR=/src/build/arm64-ccache \
  CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS-}" CMAKE_BUILD_PARALLEL_LEVEL="${GEMBAL_JOBS:-$(nproc)}" sh -eu -c '
  cmake --preset package -B build/package-arm64 --toolchain cmake/arm64.cmake >&2
  cmake --build build/package-arm64 >&2
  cd build/package-arm64
  qemu-aarch64-static ./gembal --version >&2
  # dpkg-shlibdeps has to be told whose libraries it reads.
  dpkg-architecture -a arm64 -c cpack >&2
  mkdir -p ../package
  cp gembal_*_arm64.deb ../package/
'
ls "$PWD"/build/package/gembal_*_arm64.deb
