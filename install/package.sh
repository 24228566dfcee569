#!/usr/bin/env bash
# Makes what is handed out: a tarball with its checksum, and a Debian package where cargo-deb is.
#
#   install/package.sh [FOLDER]         into FOLDER, target/dist by default
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
target=$(cargo metadata --format-version 1 --no-deps --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
out=${1:-$target/dist}

built=$(install/build --bins -p aws-connector-clients -p aws-connector-install)
version=$("$built/aws-connector" --version | cut -d' ' -f2)
name=aws-connector-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)

# A plain tree, which install.sh --from takes as it is.
tree=$out/$name
rm -rf "$tree"
mkdir -p "$tree/share/man/man1" "$tree/share/completions"
for binary in aws-connector aws-connector-credential-process docker-credential-aws-connector aws-connector-eks-token; do
    cp "$built/$binary" "$tree/"
done
"$tree/aws-connector" man --folder "$tree/share/man/man1"
for shell in bash zsh fish; do
    "$tree/aws-connector" completions "$shell" >"$tree/share/completions/aws-connector.$shell"
done
cp install/install.sh LICENSE README.md "$tree/"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" \
    -C "$out" -czf "$out/$name.tar.gz" "$name"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$out/$name.tar.gz"

if command -v cargo-deb >/dev/null; then
    # cargo-deb takes its assets from one place.
    rm -rf "$root/target/deb-assets"
    mkdir -p "$root/target"
    cp -r "$tree" "$root/target/deb-assets"
    cargo deb --no-build --no-strip -p aws-connector-install -o "$out/"
else
    echo "cargo-deb is not installed: no Debian package (cargo install cargo-deb)"
fi
