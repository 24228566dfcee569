# Shared by tests/bench and tests/speed/guard; sourced, never run.
#
# Each run has a folder $work, removed at its end, with connectors files, caches, and a home without AWS configuration,
# and an AWS stand-in on loopback. Commands run in a fixed environment ($clean and `ours`).
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
account=123456789012
registry=$account.dkr.ecr.us-east-1.amazonaws.com
key_id=AKIAIOSFODNN7EXAMPLE
secret_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
binaries=(aws-connector-credential-process docker-credential-aws-connector aws-connector-eks-token)

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# --- folder and processes of a run -----------------------------------------------------------------------------------

work=
pids=()
clean_up() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [[ -z $work ]] || rm -rf "$work"
}

# The name has a fixed length, because the length of paths affects the instruction count.
make_work() {
    work=$(mktemp -d /tmp/aws-connector-speed.XXXXXX)
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    umask 077
    mkdir "$work/home"
    clean=(env -i HOME="$work/home" PATH=/usr/local/bin:/usr/bin:/bin USER=speed LANG=C.UTF-8
        AWS_EC2_METADATA_DISABLED=true)
    printf '%s' "$registry" >"$work/registry"
}

# --- binaries ------------------------------------------------------------------------------------------------------

# Sets $bin to a folder with the four programs: the given one, or the output of install/build, which is what users install.
find_binaries() { # [DIR]
    local name
    if [[ -n ${1-} ]]; then
        bin=$(cd "$1" && pwd) || die "$1 is not a folder"
    else
        say "building the release binaries"
        # Together with the stand-in, as in install/try, so that both share the build.
        bin=$("$repo/install/build" --bins --package aws-connector-clients --package aws-standin) || die "the release binaries could not be built"
        [[ $bin == /* ]] || bin=$repo/$bin
    fi
    for name in "${binaries[@]}" aws-connector; do
        [[ -x $bin/$name ]] || die "$bin/$name is missing"
    done
}

# --- the stand-in ----------------------------------------------------------------------------------------------------

# Sets $url, $https_url and $ca. The stand-in slows down both columns equally; a release build slows them down least.
start_standin() {
    local standin line
    standin=${AWS_STANDIN-}
    [[ -n $standin || ! -x $bin/aws-standin ]] || standin=$bin/aws-standin
    if [[ -z $standin ]]; then
        say "building the stand-in"
        standin=$("$repo/install/build" --bins --package aws-connector-clients --package aws-standin)/aws-standin
        [[ $standin == /* ]] || standin=$repo/$standin
        [[ -x $standin ]] || die "the stand-in could not be built"
    fi
    ca=$work/ca.pem
    "$standin" --ca-file "$ca" >"$work/standin.json" 2>"$work/standin.log" &
    pids+=($!)
    for _ in $(seq 200); do
        [[ -s $work/standin.json ]] && break
        sleep 0.05
    done
    line=$(<"$work/standin.json")
    url=$(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' <<<"$line")
    https_url=$(sed -n 's/.*"https_url": *"\([^"]*\)".*/\1/p' <<<"$line")
    [[ -n $url && -n $https_url ]] || { cat "$work/standin.log" >&2; die "the stand-in did not start"; }
}

standin() { # METHOD PATH
    local port=${url##*:} text
    exec {socket}<>"/dev/tcp/127.0.0.1/${port%%/*}"
    printf '%s /_standin/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1" "$2" >&"$socket"
    text=$(cat <&"$socket")
    exec {socket}>&-
    printf '%s\n' "$text"
}

# The number of calls of an action since the record was last cleared.
forget_calls() { standin POST calls/clear >/dev/null; }
count_calls() { # ACTION
    standin GET calls | { grep -oE "\"action\": *\"$1\"" || true; } | wc -l
}

# --- connectors files ------------------------------------------------------------------------------------------------

# Five connectors of different kinds; `dev` is the measured one, `shared` has one session for all resources.
write_profile() { # FILE ENDPOINT
    cat >"$1" <<TOML
default_connector = "dev"

[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "$2"
aws_access_key_id = "$key_id"
aws_secret_access_key = "$secret_key"

[connectors.dev]
auth_method = "iam-role"
description = "what people work with"
region = "us-east-1"
endpoint_url = "$2"
source_connector = "base"
role_arn = "arn:aws:iam::$account:role/dev"
duration = "1h"
registries = ["$registry"]

[connectors.shared]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "$2"
source_connector = "base"
role_arn = "arn:aws:iam::$account:role/long"
down_scope = false

[connectors.cross]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "$2"
source_connector = "base"
role_arn = "arn:aws:iam::210987654321:role/cross"
external_id = { ssm = "/teams/dev/external-id", connector = "base" }
tags = { team = "data" }
registries = ["210987654321"]

[connectors.reports]
auth_method = "federation-token"
region = "us-east-1"
endpoint_url = "$2"
source_connector = "base"
resource_type = "s3-bucket"
resource_id = "s3://data"
TOML
}

# The same with COUNT connectors, each with its own registry.
write_large_profile() { # FILE ENDPOINT COUNT
    write_profile "$1" "$2"
    awk -v n="$3" -v url="$2" 'BEGIN { for (i = 6; i <= n; i++) printf "\n[connectors.team-%04d]\nauth_method = \"iam-role\"\ndescription = \"the role of team %d\"\nregion = \"us-east-1\"\nendpoint_url = \"%s\"\nsource_connector = \"base\"\nrole_arn = \"arn:aws:iam::%012d:role/team\"\nduration = \"1h\"\ntags = { team = \"%d\" }\nregistries = [\"%012d\"]\n", i, i, url, 300000000000 + i, i, 300000000000 + i }' >>"$1"
}

# Sets the array `ours`: the environment of our commands.
environment() { # PROFILE CACHE [NAME=VALUE...]
    ours=("${clean[@]}" AWS_CONNECTOR_FILE="$1" AWS_CONNECTOR_CACHE_DIR="$2"
        'KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}'
        "${@:3}")
}

# Sets the array `command`: a binary with the arguments of the measured request. The Docker helper selects its connector
# by the registry on standard input.
command_of() { # BINARY [CONNECTOR]
    local connector=${2:-dev}
    case $1 in
    aws-connector-credential-process) command=("$bin/$1" --connector "$connector") ;;
    docker-credential-aws-connector) command=("$bin/$1" get) ;;
    aws-connector-eks-token) command=("$bin/$1" --cluster prod --connector "$connector") ;;
    *) die "no such binary: $1" ;;
    esac
}

# Fills the cache of `ours`, and makes sure that the next run of each is a hit.
warm() {
    local name before
    for name in "${binaries[@]}"; do
        command_of "$name"
        "${ours[@]}" "${command[@]}" <"$work/registry" >"$work/out" || die "$name failed"
    done
    forget_calls
    for name in "${binaries[@]}"; do
        command_of "$name"
        "${ours[@]}" "${command[@]}" <"$work/registry" >"$work/out" || die "$name failed"
    done
    before=$(count_calls '[^"]*')
    ((before == 0)) || die "a hit calls AWS ($before calls)"
}

# --- instructions ------------------------------------------------------------------------------------------------------

# Prints the number of instructions of a command under callgrind, in the environment of `ours`.
instructions() { # COMMAND...
    "${ours[@]}" valgrind --tool=callgrind --callgrind-out-file="${callgrind_out:-/dev/null}" "$@" \
        <"$work/registry" 2>"$work/callgrind" >/dev/null ||
        { cat "$work/callgrind" >&2; die "valgrind failed for $1"; }
    sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$work/callgrind"
}
