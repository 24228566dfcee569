#!/usr/bin/env bash
# Builds the release packages: a tarball and, if dpkg is available, a Debian package, with checksums.
#
#   install/package.sh [FOLDER]             builds, and packs into FOLDER, target/dist by default
#   install/package.sh --from DIR [FOLDER]  packs the four binaries in DIR
#
# The Debian package is built by cargo-deb if installed (it detects the required libraries), else by dpkg-deb.
set -euo pipefail
umask 022
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binaries=(aws-connector aws-connector-credential-process docker-credential-aws-connector aws-connector-eks-token)
die() { printf 'package.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "$0"; }

from=
out=
while (($#)); do
    case $1 in
        --from) from=$(realpath -- "${2:?--from requires a folder}"); shift ;;
        -h | --help) usage; exit 0 ;;
        -*) usage >&2; exit 2 ;;
        *) out=$1 ;;
    esac
    shift
done

if [[ -z $from ]]; then
    from=$(cd "$root" && realpath "$(install/build)")
fi
for name in "${binaries[@]}"; do
    [[ -f $from/$name && -x $from/$name ]] || die "$from/$name not found or not executable"
done
if [[ -z $out ]]; then
    out=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/dist
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=$("$from/aws-connector" --version | cut -d' ' -f2)
name=aws-connector-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
# For reproducible packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/Cargo.lock")}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
draft=
trap 'rm -rf -- "$work" ${draft:+"$draft"}' EXIT

put() { # MODE SOURCE TARGET
    install -D -m "$1" -- "$2" "$3"
}

# --- the tarball: a folder with the binaries and install.sh -------------------------------------------------------------

tree=$work/$name
for binary in "${binaries[@]}"; do put 755 "$from/$binary" "$tree/$binary"; done
"$from/aws-connector" man --folder "$tree/man"
mkdir "$tree/completions"
for shell in bash zsh fish; do
    "$from/aws-connector" completions "$shell" >"$tree/completions/aws-connector.$shell"
done
put 755 "$root/install/install.sh" "$tree/install.sh"
for file in LICENSE README.md CHANGELOG.md; do put 644 "$root/$file" "$tree/$file"; done
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -cf - "$name" |
    gzip -9n >"$work/$name.tar.gz"

# --- the Debian package ------------------------------------------------------------------------------------------------

# The installed layout, from which [package.metadata.deb] in Cargo.toml takes the files.
assets=$work/deb
for binary in "${binaries[@]}"; do put 755 "$from/$binary" "$assets/usr/bin/$binary"; done
for page in "$tree"/man/*.1; do
    put 644 "$page" "$assets/usr/share/man/man1/${page##*/}"
    gzip -9n "$assets/usr/share/man/man1/${page##*/}"
done
put 644 "$tree/completions/aws-connector.bash" "$assets/usr/share/bash-completion/completions/aws-connector"
put 644 "$tree/completions/aws-connector.zsh" "$assets/usr/share/zsh/vendor-completions/_aws-connector"
put 644 "$tree/completions/aws-connector.fish" "$assets/usr/share/fish/vendor_completions.d/aws-connector.fish"
put 644 "$root/README.md" "$assets/usr/share/doc/aws-connector/README.md"

with_cargo_deb() {
    rm -rf "$root/target/deb-assets"
    mkdir -p "$root/target"
    cp -r "$assets" "$root/target/deb-assets"
    (cd "$root" && cargo deb --quiet --no-build --no-strip -p aws-connector-install -o "$work/") >/dev/null
}

with_dpkg() {
    local architecture depends=
    architecture=$(dpkg --print-architecture)
    # A static binary has no dependencies.
    if ldd "$from/aws-connector" >/dev/null 2>&1; then depends='Depends: libc6, libgcc-s1'; fi
    # cargo-deb creates this file itself.
    put 644 "$root/LICENSE" "$assets/usr/share/doc/aws-connector/copyright"
    mkdir "$assets/DEBIAN"
    cat <<-CONTROL | grep . >"$assets/DEBIAN/control"
		Package: aws-connector
		Version: $version-1
		Architecture: $architecture
		Maintainer: The aws-connector maintainers
		Section: utils
		Priority: optional
		Installed-Size: $(du -ks "$assets/usr" | cut -f1)
		$depends
		Description: AWS credentials for the AWS CLI, Docker and kubectl
		 A credential_process, a Docker credential helper and a kubectl exec plugin, with one
		 connectors file and one file-locked cache, and the command that sets them up and diagnoses problems.
	CONTROL
    (cd "$assets" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group --build "$assets" "$work/aws-connector_$version-1_$architecture.deb" >/dev/null
}

if command -v cargo-deb >/dev/null; then
    with_cargo_deb
elif command -v dpkg-deb >/dev/null; then
    with_dpkg
else
    echo "package.sh: no Debian package: cargo-deb or dpkg-deb is required" >&2
fi

# --- the output, each file with its checksum -----------------------------------------------------------------------------

for file in "$work"/*.tar.gz "$work"/*.deb; do
    [[ -f $file ]] || continue
    (cd "$work" && sha256sum "${file##*/}" >"${file##*/}.sha256")
    for made in "$file" "$file.sha256"; do
        # Never write through an existing link of that name.
        draft=$(mktemp -- "$out/.aws-connector.XXXXXXXXXX")
        install -m 644 -T -- "$made" "$draft"
        mv -fT -- "$draft" "$out/${made##*/}"
    done
    echo "$out/${file##*/}"
done
