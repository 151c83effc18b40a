# Unpacks a root, mounts into it what a build needs, and runs a command in it.
# Runs in mount, network and process namespaces of its own, where all of this ends with it.
# Arguments: MOUNT-POINT ARCHIVE TOOLCHAIN CARGO-HOME WORKSPACE TARGET OUT KIT [NAME=VALUE…] COMMAND…
# KIT, the installed command, may be empty.
root=$1 archive=$2 toolchain=$3 cargo=$4 workspace=$5 target=$6 out=$7 kit=$8
shift 8

mount --make-rprivate /
# What is mounted below must be looked up before anything hides it.
mount -t tmpfs -o mode=0755,size=75% tmpfs "$root"
# The host's devices are mounted instead.
tar --extract --numeric-owner --exclude='./dev/*' --directory="$root" --file="$archive"

mkdir -p "$root/opt/rust" "$root/opt/plimsoll" "$root/src" "$root/target" "$root/out"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$toolchain" "$root/opt/rust"
mount --bind "$workspace" "$root/src"
for folder in opt/rust src; do
    mount -o remount,bind,ro "$root/$folder"
done
# Crates of registries, and of git where there are any.
for crates in registry git; do
    [ -d "$cargo/$crates" ] || continue
    mkdir -p "$root/opt/cargo/$crates"
    mount --bind "$cargo/$crates" "$root/opt/cargo/$crates"
    mount -o remount,bind,ro "$root/opt/cargo/$crates"
done
if [ -n "$kit" ]; then
    mount --bind "$kit" "$root/opt/plimsoll"
    mount -o remount,bind,ro "$root/opt/plimsoll"
fi
mount --bind "$target" "$root/target"
mount --bind "$out" "$root/out"

exec chroot "$root" /usr/bin/env -i -C /src "$@"
