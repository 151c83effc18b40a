# The life of a .deb: `resolve`, `fetch` and `settle` with a network, `live` without one.
. /verify/common.sh
export DEBIAN_FRONTEND=noninteractive
[ ! -e /verify/apt.conf ] || export APT_CONFIG=/verify/apt.conf

apt() {
    apt-get --yes --quiet --no-install-recommends -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confold "$@"
}

# What the resolver says, on one line.
resolve() {
    if answer=$(apt --simulate install $PACKAGES 2>&1); then
        echo "::accepted"
    else
        echo "$answer"
        echo "::refused $(echo "$answer" | grep -e 'Depends:' -e 'Conflicts:' -e 'Breaks:' -e '^E: ' |
            tr --squeeze-repeats ' \n' ' ')"
    fi
}

# The dependencies, for a system that will have no network. Lists that are old name what is gone.
fetch() {
    apt --download-only install $PACKAGES || { apt update && apt --download-only install $PACKAGES; }
}

# Installs the dependencies alone, where a slim image lacks so much that their own traces would be
# taken for the packages'. No archive has the packages of the build themselves.
settle() {
    depends=$(for package in $PACKAGES; do
        for field in Pre-Depends Depends; do dpkg-deb --field "$package" $field | tr ',' '\n'; done
    done)
    depends=$(echo "$depends" | awk -v names=" $NAMES " 'NF && index(names, " " $1 " ") == 0')
    apt-get --yes satisfy --no-install-recommends "$(echo "$depends" | paste --serial --delimiters=,)"
}

owned_paths() { cat /var/lib/dpkg/info/*.list; }

are_installed() {
    for pair in $VERSIONS; do
        name=${pair%%=*} version=${pair#*=}
        state=$(dpkg-query --show --showformat='${Version} ${db:Status-Status}' "$name")
        [ "$state" = "$version installed" ] || fault "$name is $state, not $version installed"
    done
}

install_it() {
    apt install $PACKAGES
    are_installed
    changed=$(dpkg --verify $NAMES) || :
    [ -z "$changed" ] || fault "files are not as packaged: $changed"
    saw "its files are as packaged"
    keep_libraries
}

# Debian starts and enables what it installs (Debian Policy Manual, 9.3), unless the project says otherwise.
service_follows_the_policy() {
    for unit in $DISABLED; do
        state=$(systemctl is-enabled "$unit" || :)
        [ "$state" = disabled ] || [ "$state" = static ] || fault "$unit is $state right after the installation"
    done
    for unit in $DISABLED $STOPPED; do
        state=$(systemctl is-active "$unit" || :)
        [ "$state" = inactive ] || fault "$unit is $state right after the installation"
    done
    [ -z "$DISABLED$STOPPED" ] || saw "units that are not to be enabled or started are not"
    bring_up
    units_are_up
}

# Has the units run that the installation leaves alone.
bring_up() { [ -z "$DISABLED$STOPPED" ] || systemctl enable --now $DISABLED $STOPPED; }

remove_it() {
    script hold
    apt remove $NAMES
    [ "$INIT" = no ] || units_are_down
    conffiles_are_there
    script removed
}

purge_it() {
    # By now dpkg has forgotten a package without configuration files and scripts, and no archive
    # has it: apt-get would not know the name.
    dpkg --purge $NAMES
    script release
    nothing_is_left
}

# A configuration file in packages that are not installed.
packaged() {
    file=$1
    shift
    for package; do
        dpkg-deb --fsys-tarfile "$package" | tar --extract --to-stdout --file=- ".$file" 2>/dev/null || :
    done
}

# What the package brings for a configuration file that was changed lies beside it, where it is
# another than the previous package's (dpkg(1), --force-confold).
new_conffiles_are_beside() {
    for file in $CONFFILES; do
        [ "$(packaged "$file" $PREVIOUS)" != "$(packaged "$file" $PACKAGES)" ] || continue
        [ -e "$file.dpkg-dist" ] || fault "$file.dpkg-dist is not there"
        saw "its new configuration is beside"
    done
}

upgrade_it() {
    apt install $PREVIOUS
    [ "$INIT" = no ] || bring_up
    [ "$INIT" = no ] || units_are_up
    script hold
    change_conffiles
    apt install $PACKAGES
    are_installed
    saw "it is the new version"
    conffiles_are_kept
    new_conffiles_are_beside
    [ "$INIT" = no ] || units_are_up
    units_run_what_is_installed
    script held
    script release
}

case $1 in
resolve) resolve ;;
fetch) fetch ;;
settle) settle ;;
live) life ;;
esac
