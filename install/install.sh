#!/usr/bin/env bash
# Installs aws-connector for one user, and takes it away again.
#
#   install/install.sh                  builds and installs into ~/.local
#   install/install.sh --prefix DIR     … into another place
#   install/install.sh --from DIR       installs the four binaries that lie in DIR, without building
#   install/install.sh --uninstall      removes what was installed, and the cache; connectors stay
#   install/install.sh --uninstall --purge   … and the connectors with it
#
# It can be run again at any time: each file is put beside the old one and renamed.
set -euo pipefail

binaries=(aws-connector aws-connector-credential-process docker-credential-aws-connector aws-connector-eks-token)
prefix=${HOME:?HOME is not set}/.local
from=
action=install_all
purge=

die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "$0"; }

while (($#)); do
    case $1 in
        --prefix) prefix=${2:?--prefix needs a folder}; shift ;;
        --from) from=${2:?--from needs a folder}; shift ;;
        --uninstall) action=uninstall ;;
        --purge) purge=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
list=$prefix/share/aws-connector/installed

# One file, whole or not at all.
put() { # MODE SOURCE TARGET
    mkdir -p "$(dirname "$3")"
    cp "$2" "$3.new"
    chmod "$1" "$3.new"
    mv -f "$3.new" "$3"
    printf '%s\n' "$3" >>"$list.new"
}

build() {
    command -v cargo >/dev/null || die "cargo is not on PATH; install rustup (https://rustup.rs), or pass --from with prebuilt binaries"
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    from=$("$root/install/build" --bins -p aws-connector-clients -p aws-connector-install)
    [[ $from == /* ]] || from=$root/$from
}

install_all() {
    [[ -n $from ]] || build
    for name in "${binaries[@]}"; do
        [[ -x $from/$name ]] || die "$from/$name is not there or cannot be run"
    done
    # Not local: the trap outlives the function.
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    "$from/aws-connector" man --folder "$made/man"
    for shell in bash zsh fish; do
        "$from/aws-connector" completions "$shell" >"$made/$shell"
    done

    mkdir -p "$(dirname "$list")"
    : >"$list.new"
    for name in "${binaries[@]}"; do
        put 755 "$from/$name" "$prefix/bin/$name"
    done
    put 644 "$made/bash" "$prefix/share/bash-completion/completions/aws-connector"
    put 644 "$made/zsh" "$prefix/share/zsh/site-functions/_aws-connector"
    put 644 "$made/fish" "$prefix/share/fish/vendor_completions.d/aws-connector.fish"
    for page in "$made"/man/*.1; do
        put 644 "$page" "$prefix/share/man/man1/${page##*/}"
    done
    # What an older version had and this one has not.
    if [[ -f $list ]]; then
        grep -vxFf "$list.new" "$list" | while IFS= read -r file; do rm -f -- "$file"; done || true
    fi
    mv -f "$list.new" "$list"

    echo "Installed ${binaries[*]} into $prefix/bin."
    case :$PATH: in
        *:"$prefix/bin":*) ;;
        *) echo "Add it to PATH, where Docker looks for its helper:  export PATH=\"$prefix/bin:\$PATH\"" ;;
    esac
    echo "Next:  aws-connector register dev --auto-configure"
}

uninstall() {
    [[ -f $list ]] || die "nothing is installed in $prefix"
    local cache=${AWS_CONNECTOR_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aws-connector}
    local config=${XDG_CONFIG_HOME:-$HOME/.config}/aws-connector
    if [[ -f $config/wiring.json ]]; then
        echo "Other programs are still wired; run 'aws-connector logout NAME' for each connector first:" >&2
        "$prefix/bin/aws-connector" list >&2 || true
        exit 1
    fi
    while IFS= read -r file; do
        rm -f -- "$file"
    done <"$list"
    local folder
    while IFS= read -r file; do
        # Folders that hold nothing any more, up to the prefix.
        folder=$(dirname "$file")
        while [[ $folder == "$prefix"/* ]] && rmdir -- "$folder" 2>/dev/null; do
            folder=$(dirname "$folder")
        done
    done <"$list"
    rm -rf -- "$prefix/share/aws-connector"
    rmdir -- "$prefix/share" 2>/dev/null || true
    # Nothing lies in the cache's own folder but what we put there; a folder of another name is
    # the user's, and left.
    if [[ ${cache##*/} == aws-connector ]]; then
        rm -rf -- "$cache"
    fi
    if [[ -n $purge ]]; then
        rm -f -- "$config/connectors.toml"
        rmdir -- "$config" 2>/dev/null || true
        echo "Removed aws-connector and its connectors."
    else
        echo "Removed aws-connector. Your connectors stay in $config; pass --purge to remove them too."
    fi
}

"$action"
