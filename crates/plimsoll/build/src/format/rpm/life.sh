# The life of an .rpm: `resolve`, `fetch` and `settle` with a network, `live` without one. Where
# /verify/profile is, a package that provides what the distribution does stands in for it, over a
# userland of another one.
. /verify/common.sh
UPDATE_HELPER=no
[ ! -e /verify/profile ] || . /verify/profile

# dnf, or where there is none zypper, told the same: `install FILE` or `remove NAME`.
manager() {
    if command -v dnf >/dev/null; then
        dnf --assumeyes --quiet $DNF_OPTIONS "$@" || return
    else
        zypper --non-interactive --no-gpg-checks "$@" || return
    fi
    triggers
}
DNF_OPTIONS=
[ ! -e /verify/profile ] || DNF_OPTIONS='--config=/verify/dnf.conf --releasever=1'

# What systemd's own package does after a transaction, by file triggers that this userland lacks.
triggers() {
    [ -e /verify/profile ] && [ "$INIT" = yes ] || return 0
    systemctl daemon-reload
    [ "$UPDATE_HELPER" = no ] || systemctl reload-or-restart --marked
}

tries() {
    if command -v dnf >/dev/null; then
        dnf --assumeyes $DNF_OPTIONS --setopt=tsflags=test install $PACKAGES
    else
        zypper --non-interactive --no-gpg-checks install --dry-run $PACKAGES
    fi
}

resolve() {
    if answer=$(tries 2>&1); then
        echo "::accepted"
    else
        echo "$answer"
        echo "::refused $(echo "$answer" |
            grep -e 'nothing provides' -e ' conflicts with ' -e ' obsoletes ' -e 'none of the providers' | sed 's/^\(Problem: \|[ -]*\)//' |
            sort --unique | tr '\n' ';')"
    fi
}

fetch() {
    if [ -e /verify/profile ]; then
        complete_the_base
    elif command -v dnf >/dev/null; then
        dnf --assumeyes --downloadonly install $PACKAGES
    else
        zypper --non-interactive --no-gpg-checks install --download-only $PACKAGES
    fi
}

# Installs what the profile promises, in the packages of this userland. Lists that are old name what is gone.
complete_the_base() {
    [ -n "$BASE_PACKAGES" ] || return 0
    [ ! -e /verify/apt.conf ] || export APT_CONFIG=/verify/apt.conf
    export DEBIAN_FRONTEND=noninteractive
    install="apt-get install --yes --quiet --no-install-recommends $BASE_PACKAGES"
    answer=$($install 2>&1 || { apt-get update --quiet && $install; } 2>&1) ||
        echo "::refused $BASE_PACKAGES cannot be installed below the profile: $(echo "$answer" |
            grep '^E: ' | tr '\n' ' ')"
    echo "$answer"
}

# What the distribution has besides libraries: the folders of its base package, a policy that enables
# nothing that is not named, and since systemd 250 the helper that scriptlets call.
stand_in() {
    mkdir -p /usr/lib/systemd/system-preset /usr/share/licenses
    echo 'disable *' >/usr/lib/systemd/system-preset/99-default-disable.preset
    [ "$UPDATE_HELPER" = yes ] || return 0
    cat >/usr/lib/systemd/systemd-update-helper <<'HELPER'
#!/bin/sh -e
verb=$1
shift
case $verb in
install-system-units) systemctl --no-reload preset "$@" ;;
remove-system-units) systemctl --no-reload disable --now "$@" ;;
mark-restart-system-units)
    for unit in "$@"; do
        ! systemctl --quiet is-active "$unit" ||
            systemctl set-property "$unit" Markers=+needs-restart
    done
    ;;
*) exit 2 ;;
esac
HELPER
    chmod 755 /usr/lib/systemd/systemd-update-helper
}

# Installs the dependencies alone but for rich ones, where a slim image lacks so much that their own traces would be
# taken for the packages'. No repository has the packages of the build themselves.
settle() {
    capability=
    command -v dnf >/dev/null || capability=--capability
    rpm --query --package --requires $PACKAGES |
        grep --invert-match -e '^rpmlib(' -e '^config(' -e '^rtld(' -e '^(' -e '^user(' -e '^group(' |
        awk -v names=" $NAMES " 'index(names, " " $1 " ") == 0' |
        while read -r requirement; do manager install $capability "$requirement" </dev/null; done
}

owned_paths() { rpm --query --all --list; }

are_installed() {
    for pair in $VERSIONS; do
        name=${pair%%=*} wanted=${pair#*=}
        version=$(rpm --query --queryformat '%{EVR}' "$name")
        [ "$version" = "$wanted" ] || fault "$name is $version, not $wanted"
    done
}

install_it() {
    manager install $PACKAGES
    are_installed
    changed=$(rpm --verify $NAMES) || :
    [ -z "$changed" ] || fault "files are not as packaged: $changed"
    saw "its files are as packaged"
    [ -e /verify/profile ] || keep_libraries
}

# The family neither enables nor starts what is not in its presets; both work when asked for.
service_follows_the_policy() {
    for unit in $UNITS; do
        state=$(systemctl is-enabled "$unit" || :)
        [ "$state" = disabled ] || fault "$unit is $state right after the installation"
    done
    saw "nothing is enabled by itself"
    units_are_down
    systemctl enable --now $UNITS || :
    units_are_up
}

# A changed configuration file stays under another name.
remove_it() {
    script hold
    change_conffiles
    manager remove $NAMES
    [ "$INIT" = no ] || units_are_down
    for file in $CONFFILES; do
        [ ! -e "$file" ] || fault "$file is still there"
        grep --quiet --line-regexp "$MARK" "$file.rpmsave" || fault "$file.rpmsave lost its change"
    done
    [ -z "$CONFFILES" ] || saw "the changed configuration is kept as .rpmsave"
    script removed
}

# rpm has no purge: what it leaves to the administrator is removed by hand.
purge_it() {
    for file in $CONFFILES; do
        rm "$file.rpmsave"
        rmdir --ignore-fail-on-non-empty "$(dirname "$file")"
    done
    for name in $NAMES; do
        for folder in "/var/lib/$name" "/run/$name"; do
            [ ! -e "$folder" ] || { rm -rf "$folder"; saw "$folder removed by hand"; }
        done
    done
    script release
    nothing_is_left
}

# The digest of a file in packages.
digest() {
    file=$1
    shift
    rpm --query --package --queryformat '[%{FILENAMES} %{FILEDIGESTS}\n]' "$@" |
        awk -v file="$file" '$1 == file { print $2 }'
}

# What the package brings for a configuration file that was changed lies beside it, where it is
# another than the previous package's.
new_conffiles_are_beside() {
    for file in $CONFFILES; do
        old=$(digest "$file" $PREVIOUS)
        [ -n "$old" ] && [ "$old" != "$(digest "$file" $PACKAGES)" ] || continue
        [ -e "$file.rpmnew" ] || fault "$file.rpmnew is not there"
    done
}

upgrade_it() {
    manager install $PREVIOUS
    [ "$INIT" = no ] || [ -z "$UNITS" ] || systemctl enable --now $UNITS
    [ "$INIT" = no ] || units_are_up
    script hold
    change_conffiles
    manager install $PACKAGES
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
live)
    [ ! -e /verify/profile ] || { stand_in && manager install "$STAND_IN"; }
    life
    ;;
esac
