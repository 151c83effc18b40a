# Makes a host of its own and prints the process id of its init, as the machine counts: namespaces for everything but users,
# and a root that is put together from a folder that is never changed.
#
# FOLDER: an empty folder. LOWER: the root. PROGRAMS: lines "FILE PATH", files of the machine that the host has at PATH.
set -eu
mount -t tmpfs tmpfs "$FOLDER"
mkdir "$FOLDER/upper" "$FOLDER/work" "$FOLDER/root"
R=$FOLDER/root
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$R"
# As the machine's /proc has it: the new one is not mounted yet.
read -r INIT _ </proc/self/stat
mount --rbind /dev "$R/dev"
mount -t sysfs sysfs "$R/sys"
mount --rbind /sys/fs/cgroup "$R/sys/fs/cgroup"
mount -t tmpfs -o mode=0755 tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
mkdir -p "$R/run/netns" "$R/run/lock"
# Engines put overlays of their own here, which no overlay can hold.
for folder in docker containers containerd; do
    mkdir -p "$R/var/lib/$folder"
    mount -t tmpfs tmpfs "$R/var/lib/$folder"
done
printf '%s\n' "$PROGRAMS" | while read -r file path; do
    [ -n "$file" ] || continue
    mkdir -p "$R${path%/*}"
    : >"$R$path"
    mount --bind "$file" "$R$path"
done
mount -t proc proc "$R/proc"
ip link set lo up
hostname box
cd "$R"
mkdir -p .old
# Not chroot: `podman exec` and `runc exec` would land in the machine's root.
pivot_root . .old
umount -l /.old
echo "$INIT"
exec catatonit -P >/dev/null
