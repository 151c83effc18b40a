# Lays a layer in memory over a clean system, and goes through phases of a package's life in it.
# Runs in a mount namespace of its own, where all of this ends with it.
# Arguments: TREE MOUNT-POINT WORK booted|chroot SCRIPT SECONDS PHASE…
# WORK is /verify inside; what the phases print goes to WORK/log, by the script logged.sh. No phase takes longer than SECONDS.
tree=$1 base=$2 work=$3 place=$4 script=$5 seconds=$6
shift 6

mount --make-rprivate /
mount -t tmpfs -o mode=0755,size=75% tmpfs "$base"
mkdir "$base/layer" "$base/work" "$base/root"
mount -t overlay overlay \
    -o "lowerdir=$tree,upperdir=$base/layer,workdir=$base/work" "$base/root"
root=$base/root
mkdir -p "$root/verify"
mount --bind "$work" "$root/verify"
cp -L /etc/resolv.conf "$root/etc/resolv.conf" || :

# Runs a program, and ends it where it hangs. That is in the log then, which says in the middle of what.
limited() {
    status=0
    timeout --kill-after=10 "$seconds" "$@" || status=$?
    case $status in
    124 | 137) printf '\n::hung %s\n' "$seconds" >>"$work/log" ;;
    *) return $status ;;
    esac
}

# Runs a phase inside, in namespaces that take what it mounts and starts along when they end.
inside() {
    limited unshare --mount --pid --fork --kill-child "$@"
}
enter='mount -t proc proc "$1/proc"; mount -t sysfs sysfs "$1/sys" || :; mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/run"; exec chroot "$1" /bin/bash /verify/logged.sh /bin/bash "$2" "$3"'

for phase in "$@"; do
    # What is refused has no life.
    if [ "$phase" = live ] && grep -q '^::refused' "$work/log"; then break; fi
    case $place-$phase in
    booted-live)
        cat >"$root/etc/systemd/system/verify.service" <<UNIT
[Service]
ExecStart=/bin/bash /verify/logged.sh /bin/bash $script live
ExecStopPost=/bin/systemctl poweroff --force
[Install]
WantedBy=multi-user.target
UNIT
        mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
        ln -s ../verify.service "$root/etc/systemd/system/multi-user.target.wants/"
        # The variable is what newer releases need on hosts with the old cgroup hierarchy.
        limited env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet \
            --register=no --keep-unit --boot --private-network --directory "$root" \
            </dev/null
        ;;
    *-live)
        inside --net sh -euc "ip link set lo up; $enter" sh "$root" "$script" live >>"$work/log" 2>&1 || :
        ;;
    *)
        # That dependencies cannot be fetched is for the resolver to explain.
        inside sh -euc "$enter" sh "$root" "$script" "$phase" >>"$work/log" 2>&1 || :
        ;;
    esac
done
