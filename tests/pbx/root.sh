#!/usr/bin/env bash
# Makes the directory in which the tests' Asterisk lives, once for each recipe, and prints its path.
#   tests/pbx/root.sh        below target/pbx-root, or $OMNIBAR_PBX_ROOT
#   tests/pbx/root.sh hold   keeps it as well until standard input ends
# It holds programs only and is never written to afterwards, so all instances share it. Another
# recipe makes another one beside it; an old one goes when nobody holds it any more.
set -euo pipefail
cd "$(dirname "$0")/../.."
all=$(realpath -m "${OMNIBAR_PBX_ROOT:-target/pbx-root}")
# Debian's newest suite that has Asterisk 22; the stable ones have none, or one that is too old.
suite=${OMNIBAR_PBX_SUITE:-forky}
packages=asterisk,asterisk-core-sounds-en-gsm
# Counts what is done below to what the packages bring.
recipe="$suite-2-$packages"
root=$all/$recipe
# Exists when the directory is whole; who holds the directory has a shared lock on it.
mark=.omnibar-recipe

fail() { # cause next-step
  printf 'pbx: the PBX of the tests cannot be built: %s\npbx: %s\n' "$1" "$2" >&2
  exit 1
}

# Gives the directory out, if there is one. Whoever removes it has the lock alone and moves it away
# first, so one that is still there with the lock in hand stays.
give() {
  [ -e "$root/$mark" ] && exec 8<"$root/$mark" && flock -s 8 && [ -e "$root/$mark" ] || return 1
  exec 9>&-
  echo "$root"
  [ "$hold" = "" ] || cat >/dev/null
  exit 0
}

hold=${1:-}
command -v flock >/dev/null || fail "flock is missing" "install util-linux and try again"
give || true

for program in mmdebstrap bwrap apt-get; do
  command -v "$program" >/dev/null ||
    fail "$program is missing" "install it (scripts/setup.sh test does on Debian) and try again"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || fail "$keys is missing" "install debian-archive-keyring and try again"

mkdir -p "$all"
exec 9>"$all/lock"
flock 9
give || true

# Where this machine gets its own packages from.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian //p' | grep -v -- security | sort -u | head -n 1 || true)
[ -n "$mirror" ] || fail "apt knows no Debian mirror" "run apt-get update, or use a Debian machine"

new=$all/new gone=$all/gone log=$all/log
rm -rf "$new" "$gone"
echo "pbx: building $root (once, about a minute; log: $log)" >&2
if ! mmdebstrap --quiet --variant=essential --format=directory --include="$packages" \
  --aptopt='DPkg::Lock::Timeout "300"' --aptopt='Acquire::Check-Valid-Until "false"' \
  --aptopt='Acquire::Check-Date "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$new" "deb [signed-by=$keys] $mirror $suite main" >"$log" 2>&1 </dev/null; then
  tail -n 15 "$log" >&2
  fail "mmdebstrap failed on suite $suite" "the lines above say why; all of them are in $log"
fi
version=$(bwrap --ro-bind "$new" / --dev /dev /usr/sbin/asterisk -V 2>>"$log") ||
  fail "what was built does not run in bubblewrap" "see the end of $log"
case $version in
  "Asterisk 22."*) ;;
  *) fail "suite $suite has $version" "name a suite with Asterisk 22 in OMNIBAR_PBX_SUITE" ;;
esac

# Asking for an address that no file holds would cost 5 s a call, and leave the machine.
rm -f "$new/etc/resolv.conf"
: >"$new/etc/resolv.conf"
printf '127.0.0.1 localhost pbx.test\n' >"$new/etc/hosts"
printf 'passwd: files\ngroup: files\nhosts: files\n' >"$new/etc/nsswitch.conf"
# What one instance writes is laid over this directory when it starts.
mkdir -p "$new/srv/pbx"
echo "$recipe" >"$new/$mark"
mv "$new" "$root"
rm -f "$log"
echo "pbx: $version is ready" >&2
for old in "$all"/*/; do
  old=${old%/}
  [ "$old" = "$root" ] || [ ! -e "$old/$mark" ] ||
    flock -xn "$old/$mark" sh -c 'mv "$1" "$2" && rm -rf "$2"' sh "$old" "$gone" || true
done
give
