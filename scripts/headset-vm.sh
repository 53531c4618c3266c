#!/usr/bin/env bash
# Runs the tests of headset buttons that need a kernel with uhid: in a virtual machine without
# acceleration, with the distribution's own kernel. Needs qemu-system-x86, busybox-static,
# cpio and, unless OMNIBAR_KERNEL names a kernel package, apt.
set -euo pipefail
cd "$(dirname "$0")/.."

for program in qemu-system-x86_64 busybox cpio dpkg-deb; do
  command -v "$program" >/dev/null || { echo "$0: $program is missing" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,lib64,mod,proc,sys,tmp,test}
chmod 1777 "$root/tmp"

kernel=${OMNIBAR_KERNEL:-}
if [ -z "$kernel" ]; then
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
  (cd "$work" && apt-get -qq download "$package" 2>/dev/null)
  kernel=$(ls "$work"/linux-image-*.deb)
fi
dpkg-deb -x "$kernel" "$work/kernel"
# A kernel that has a vendor's own driver leaves the vendor's devices to it.
for module in hid uhid hid-generic hid-plantronics; do
  find "$work/kernel" -name "$module.ko*" -exec cp {} "$root/mod/" \;
done

test=$(cargo test -p omnibar-buttons --test kernel --no-run --message-format json |
  sed -n 's/.*"kernel".*"executable":"\([^"]*\)".*/\1/p' | tail -1)
cp "$test" "$root/test/kernel"
ldd "$test" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root/$(dirname "$library")"
  cp -L "$library" "$root/$library"
done
cp "$(command -v busybox)" "$root/bin/busybox"

cat > "$root/init" <<'INIT'
#!/bin/busybox sh
busybox() { /bin/busybox "$@"; }
busybox mount -t devtmpfs dev /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox insmod /mod/hid.ko*
for module in uhid hid-generic hid-plantronics; do busybox insmod /mod/$module.ko*; done
# One at a time: each looks at all that is plugged in.
/test/kernel --ignored --test-threads 1 --color never && echo HEADSET BUTTONS PASSED
busybox poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$work/initrd"

timeout 300 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -display none -no-reboot -nic none \
  -serial stdio -kernel "$work"/kernel/boot/vmlinuz-* -initrd "$work/initrd" \
  -append "console=ttyS0 quiet panic=-1" < /dev/null | tr -d '\r' | tee "$work/log"
grep -q '^HEADSET BUTTONS PASSED$' "$work/log"
