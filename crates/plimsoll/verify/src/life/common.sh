# What the lives of packages have in common: those of one build live together. Runs inside of the system, and decides nothing: it
# prints what happened, for `verify::life` to read.
#
# /verify holds the packages and those to upgrade from, the project's own script, and `env`:
#   NAMES      the packages' names         PACKAGES, PREVIOUS  the files
#   VERSIONS   NAME=VERSION of each        NAME, VERSION       those of the first
#   UNITS      systemd units               CONFFILES          configuration files
#   DISABLED, STOPPED  those of the units that the project does not have enabled, or does not have started
#   STAMP      the command that prints what the program is
#   PROGRAMS   the paths of the programs
#   NEEDED     the libraries that the programs name
#   SCRIPT     the project's own script; empty: there is none
#   INIT       yes where systemd runs
#   FLAVOUR, DRIVER
set -u
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. /verify/env

# Runs a function as a check. Its first failing command ends it, and is named.
check() {
    echo "::begin $1"
    (
        set -Eeu
        trap 'echo "::because $BASH_COMMAND"' ERR
        "$2"
    )
    last=$?
    case $last in
    0) echo "::passed $1" ;;
    *) echo "::failed $1" ;;
    esac
}

# Ends a check with a fault in words.
fault() {
    echo "::fault $*"
    exit 1
}

# Says what a check that passes has shown.
saw() { echo "::seen $*"; }

# The project's own script, in one of its phases.
script() {
    [ -n "$SCRIPT" ] || return 0
    "$SCRIPT" "$1" || fault "the project's script fails in phase $1"
    case $1 in
    smoke) saw "the project's script is content" ;;
    held | removed) saw "what the project's script held lives on" ;;
    esac
}

# Copies the libraries that the programs name to where the audit reads them.
keep_libraries() {
    mkdir -p /verify/libraries
    for soname in $NEEDED; do
        path=$(ldconfig -p | awk -v name="$soname" '$1 == name { print $NF; exit }')
        [ -z "$path" ] || cp -L "$path" "/verify/libraries/$soname"
    done
}

# Copies the installed programs to where the audit reads them. One that is gone is not there either.
keep_programs() {
    mkdir -p /verify/installed
    for path in $PROGRAMS; do
        mkdir -p "/verify/installed$(dirname "$path")"
        cp -L "$path" "/verify/installed$path" || :
    done
}

stamp() {
    [ -z "$STAMP" ] || echo "::stamp $($STAMP | tr '\n' ' ')"
}

# Every unit runs, and starts with the system where it says that it can.
units_are_up() {
    for unit in $UNITS; do
        state=$(systemctl is-active "$unit") || {
            journalctl --unit="$unit" --no-pager | tail -n 20
            fault "$unit is $state"
        }
        state=$(systemctl is-enabled "$unit") || fault "$unit is $state"
    done
    [ -z "$UNITS" ] || saw "units run and are enabled"
}

units_are_down() {
    for unit in $UNITS; do
        state=$(systemctl is-active "$unit" || :)
        [ "$state" = inactive ] || [ "$state" = unknown ] || fault "$unit is $state"
    done
    [ -z "$UNITS" ] || saw "units are down"
}

# A process whose program was replaced still runs the old one: proc(5), /proc/PID/exe.
units_run_what_is_installed() {
    [ "$INIT" = yes ] || return 0
    for unit in $UNITS; do
        pid=$(systemctl show --property=MainPID --value "$unit")
        [ "${pid:-0}" -gt 0 ] || continue
        program=$(readlink "/proc/$pid/exe")
        case $program in
        *' (deleted)') fault "$unit still runs what was replaced: $program" ;;
        esac
        saw "units run the new programs"
    done
}

conffiles_are_there() {
    for file in $CONFFILES; do
        [ -e "$file" ] || fault "$file is gone"
    done
    [ -z "$CONFFILES" ] || saw "the configuration is there"
}

# A line that only an administrator could have added. Comments start so in most configurations.
MARK='# changed by the administrator'

change_conffiles() {
    for file in $CONFFILES; do
        echo "$MARK" >>"$file"
    done
}

conffiles_are_kept() {
    for file in $CONFFILES; do
        grep --quiet --line-regexp "$MARK" "$file" || fault "$file lost its change"
    done
    [ -z "$CONFFILES" ] || saw "the changed configuration is kept"
}

# Every path of the system, except where running programs leave traces: those of the package
# manager, logs, caches, and systemd's own notes.
listing() {
    find / -xdev \( -path /dev -o -path /proc -o -path /run -o -path /sys -o -path /tmp \
        -o -path /verify -o -path /var/backups -o -path /var/cache -o -path /var/log \
        -o -path /var/tmp -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/dnf \
        -o -path /var/lib/rpm -o -path /usr/lib/sysimage -o -path /root \
        -o -path /var/lib/systemd -o -path /etc/ld.so.cache -o -path /var/lib/zypp \
        -o -path /var/lib/private \) -prune -o -print | sort
}

# Paths, and each again where it is on a system that keeps /bin, /lib and /sbin below /usr.
merged() { sed -E 'p; s,^/((s?bin|lib)[^/]*)/,/usr/\1/,'; }

# What bears a package's name where the listing does not look, but for what package managers and
# the journal keep of every package.
named_elsewhere() {
    for name in $NAMES; do
        for folder in /root /run /tmp /var/backups /var/cache /var/lib/private /var/lib/systemd /var/log \
            /var/tmp; do
            [ ! -d "$folder" ] || find "$folder" -name "*$name*" -not -path '/run/log/*' \
                -not -path '/var/log/journal/*' -not -path '/var/cache/apt/*' -not -path '/var/cache/dnf/*' \
                -not -path '/var/cache/libdnf5/*' -not -path '/var/cache/zypp/*'
        done
    done
}

# What is there that was not there before, and that no installed package owns; what bears a
# package's name where the listing does not look; and units that systemd still knows.
nothing_is_left() {
    left=$(listing | comm -13 /verify/before - | comm -23 - <(owned_paths | merged | sort --unique))
    left+=$(named_elsewhere)
    [ -z "$left" ] || fault "left behind: $(echo $left)"
    saw "nothing is left"
    [ "$INIT" = yes ] && [ -n "$UNITS" ] || return 0
    left=$(systemctl list-units --all --plain --no-legend $UNITS)
    left=$(echo "$left" | sed '/not-found/d')
    [ -z "$left" ] || fault "systemd still knows $left"
}

# The whole life, given the family's functions.
life() {
    echo "::system $(. /etc/os-release && echo "$PRETTY_NAME")"
    listing >/verify/before
    check install install_it
    [ $last = 0 ] || return 0
    keep_programs
    stamp
    if [ -z "$UNITS" ]; then
        echo "::not-applicable service the package has no units"
    elif [ "$INIT" = no ]; then
        echo "::not-run service no init system runs here"
    else
        check service service_follows_the_policy
    fi
    if [ -z "$SCRIPT" ] && [ -z "$STAMP" ]; then
        echo "::not-run smoke the project has no script for it"
    else
        check smoke smoke
    fi
    check remove remove_it
    check purge purge_it
    [ -z "$PREVIOUS" ] || check upgrade upgrade_it
    echo "::end"
}

smoke() {
    if [ -n "$STAMP" ]; then
        $STAMP >/dev/null
        saw "it says what it is"
    fi
    script smoke
}
