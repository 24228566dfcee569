#!/usr/bin/env bash
# Installs aws-connector for one user, and uninstalls it.
#
#   install.sh                      into ~/.local: the binaries next to this script; else builds them from source
#   install.sh --prefix DIR         … into another folder
#   install.sh --from DIR           … the four binaries in DIR, without building
#   install.sh --uninstall          undoes each connector's login, and removes the installed files and
#                                   the cache; connectors are kept
#   install.sh --uninstall --purge  … and removes the connectors too
#
# It can be run again at any time: each file is written next to the old one and renamed.
set -euo pipefail
# Whatever the caller's umask, only the owner can change installed files, and everyone can use them.
umask 022

binaries=(aws-connector aws-connector-credential-process docker-credential-aws-connector aws-connector-eks-token)
prefix=${HOME:?HOME is not set}/.local
from=
action=install_all
purge=

die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "$0"; }
wrong() { printf 'install.sh: %s\n\n' "$*" >&2; usage >&2; exit 2; }

while (($#)); do
    case $1 in
        --prefix) prefix=${2:?--prefix requires a folder}; shift ;;
        --from) from=${2:?--from requires a folder}; shift ;;
        --uninstall) action=uninstall ;;
        --purge) purge=yes ;;
        -h | --help) usage; exit 0 ;;
        *) wrong "unknown option $1" ;;
    esac
    shift
done
[[ -z $purge || $action == uninstall ]] || wrong "--purge requires --uninstall"
prefix=$(realpath -ms -- "$prefix")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The installed files, one path per line; folders that were created for them end with a slash.
list=$prefix/share/aws-connector/installed
targets=()
made=()

# Plans a file, and the missing folders above it.
plan() { # MODE SOURCE TARGET
    targets+=("$1" "$2" "$3")
    lacks "$(dirname "$3")"
}

lacks() { # FOLDER
    [[ -d $1 ]] && return
    lacks "$(dirname "$1")"
    local other
    for other in "${made[@]}"; do [[ $other == "$1/" ]] && return; done
    made+=("$1/")
}

# Replaces a file atomically. The draft has a random name: a link planted under a known name would redirect it.
put() { # MODE SOURCE TARGET
    draft=$(mktemp -- "$3.new.XXXXXXXXXX")
    cp -- "$2" "$draft"
    chmod "$1" "$draft"
    mv -fT -- "$draft" "$3"
    draft=
}

# Temporary files, removed on exit.
work=
draft=
trap 'rm -rf -- ${work:+"$work"} ${draft:+"$draft"}' EXIT

build() {
    command -v cargo >/dev/null || die "cargo is not on PATH; install rustup (https://rustup.rs), or pass --from with prebuilt binaries"
    local root=${here%/*}
    [[ -x $root/install/build ]] || die "found neither binaries nor the source next to $0; pass --from with prebuilt binaries"
    echo "Building, which takes some minutes the first time ..."
    from=$("$root/install/build" --bins -p aws-connector-clients -p aws-connector-install)
    [[ $from == /* ]] || from=$root/$from
}

install_all() {
    if [[ -z $from ]]; then
        if [[ -x $here/aws-connector ]]; then from=$here; else build; fi
    fi
    local name shell page at old=() new=()
    local -A kept=()
    for name in "${binaries[@]}"; do
        [[ -f $from/$name && -x $from/$name ]] || die "$from/$name not found or not executable"
    done
    work=$(mktemp -d)
    "$from/aws-connector" man --folder "$work/man" || die "$from/aws-connector does not run on this machine"
    for shell in bash zsh fish; do
        "$from/aws-connector" completions "$shell" >"$work/$shell"
    done

    for name in "${binaries[@]}"; do
        plan 755 "$from/$name" "$prefix/bin/$name"
    done
    plan 644 "$work/bash" "$prefix/share/bash-completion/completions/aws-connector"
    plan 644 "$work/zsh" "$prefix/share/zsh/site-functions/_aws-connector"
    plan 644 "$work/fish" "$prefix/share/fish/vendor_completions.d/aws-connector.fish"
    for page in "$work"/man/*.1; do
        plan 644 "$page" "$prefix/share/man/man1/${page##*/}"
    done
    lacks "${list%/*}"
    for ((at = 2; at < ${#targets[@]}; at += 3)); do new+=("${targets[at]}") kept[${targets[at]}]=yes; done

    # Write both lists first: if this is interrupted, --uninstall finds all files.
    if [[ -f $list ]]; then mapfile -t old <"$list"; fi
    mkdir -p -- "${list%/*}"
    printf '%s\n' "${old[@]}" "${made[@]}" "${new[@]}" | sort -u | grep . >"$work/list"
    put 644 "$work/list" "$list"
    for ((at = 0; at < ${#targets[@]}; at += 3)); do
        mkdir -p -- "$(dirname "${targets[at + 2]}")"
        put "${targets[@]:at:3}"
    done
    # Remove the files that only the older version had.
    for name in "${old[@]}"; do
        [[ $name == */ || -n ${kept[$name]-} ]] || rm -f -- "$name"
    done
    { printf '%s\n' "${new[@]}"; grep '/$' "$list" || true; } | sort -u >"$work/list"
    put 644 "$work/list" "$list"

    echo "Installed $("$from/aws-connector" --version) into $prefix."
    local found
    found=$(command -v aws-connector || true)
    case :$PATH: in
        *:"$prefix/bin":*)
            [[ -z $found || $found == "$prefix/bin/aws-connector" ]] || echo "Note: $found comes first on PATH." ;;
        *) echo "Add it to PATH, where Docker looks for its helper: export PATH=\"$prefix/bin:\$PATH\"" ;;
    esac
    echo "Next: aws-connector register dev --auto-configure"
}

# The existing files of other programs that login writes to.
theirs() {
    local file files
    IFS=: read -ra files <<<"${KUBECONFIG:-$HOME/.kube/config}"
    files+=("${AWS_CONFIG_FILE:-$HOME/.aws/config}" "${DOCKER_CONFIG:-$HOME/.docker}/config.json")
    files+=("${REGISTRY_AUTH_FILE:-}")
    for file in "${files[@]}"; do [[ ! -f $file ]] || printf '%s\n' "$file"; done
}

# Undoes each login, since other programs must not call a binary that no longer exists, and lists what is left.
unwire() { # RECORD
    local command=$prefix/bin/aws-connector name said file line wired=
    if [[ -x $command ]]; then
        for name in $("$command" list --output json | sed -n 's/^    "name": "\(.*\)",$/\1/p'); do
            said=$("$command" logout "$name" --yes) ||
                die "connector '$name' is still wired; run 'aws-connector logout $name' first"
            [[ $said == Nothing* ]] || printf '%s\n' "$said"
        done
    fi
    if [[ -f $1 ]]; then
        echo "Other programs are still wired; run 'aws-connector logout NAME' for each connector in $1 first:" >&2
        cat -- "$1" >&2
        exit 1
    fi
    while IFS= read -r file; do
        # Not the lines themselves, which may contain secrets and terminal codes.
        for line in $(grep -anE 'aws-connector-(credential-process|eks-token)|"aws-connector"' -- "$file" | cut -d: -f1); do
            wired+=$(printf '%q:%s' "$file" "$line")$'\n'
        done
    done < <(theirs)
    [[ -z $wired ]] || printf 'These lines still refer to aws-connector; remove them by hand:\n%s' "$wired" >&2
}

uninstall() {
    local cache=${AWS_CONNECTOR_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aws-connector}
    local profile=${AWS_CONNECTOR_FILE:-${XDG_CONFIG_HOME:-$HOME/.config}/aws-connector/connectors.toml}
    local config=${profile%/*} file installed
    # An earlier run without --purge kept the connectors.
    [[ -f $list || ( -n $purge && -e $profile ) ]] || die "nothing is installed in $prefix"
    unwire "$config/wiring.json"
    installed=()
    [[ ! -f $list ]] || mapfile -t installed <"$list"
    for file in "${installed[@]}"; do
        # A killed run may have left the drafts.
        [[ $file == */ ]] || rm -f -- "$file" "$file".new.??????????
    done
    rm -f -- "$list" "$list".new.??????????
    # Innermost first; a folder with other files is kept.
    printf '%s\n' "${installed[@]}" | { grep '/$' || true; } | sort -r | while IFS= read -r file; do
        rmdir -- "$file" 2>/dev/null || true
    done
    # Remove only a folder with our name: AWS_CONNECTOR_CACHE_DIR may name a folder of the user's.
    if [[ ${cache##*/} == aws-connector ]]; then
        rm -rf -- "$cache"
        rmdir -- "${cache%/*}" 2>/dev/null || true
    fi
    if [[ -n $purge ]]; then
        rm -f -- "$profile"
        if [[ ${config##*/} == aws-connector ]]; then
            rmdir -- "$config" "${config%/*}" 2>/dev/null || true
        fi
        echo "Removed aws-connector and its connectors."
    elif [[ -e $profile ]]; then
        echo "Removed aws-connector. Your connectors are kept in $profile; pass --uninstall --purge to remove them too."
    else
        echo "Removed aws-connector."
    fi
}

"$action"
