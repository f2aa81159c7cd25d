#!/bin/sh
# Installs the real peers that peers.txt lists; does nothing when all are there.
#
# Debian packages come through apt-get (as root), slixmpp from PyPI into target/peers/venv. No service is
# started: the tests start each peer themselves, in folders and on ports of their own.
#
# Environment: PEERS_VENV      where the Python environment goes (default: <workspace>/target/peers/venv)
#              PEERS_UNPACKED  where packages go that exclude others (default: <workspace>/target/peers/unpacked)
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
list=$tests/peers.txt
venv=${PEERS_VENV:-$tests/../target/peers/venv}
unpacked=${PEERS_UNPACKED:-$tests/../target/peers/unpacked}

fail() {
    echo "install-peers: $1" >&2
    exit 1
}

# The values of one kind of line in peers.txt whose second column, if it is a path, does not exist.
missing_packages() {
    while read -r kind name file; do
        if [ "$kind" = apt ] && [ ! -e "$file" ]; then
            echo "$name"
        fi
    done <"$list"
}

requirements() {
    sed -n 's/^pypi  *//p' "$list"
}

# Runs the command while every package's wish to start a service is denied.
without_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
    "$@"
    rm -f "$policy"
    trap - EXIT
}

install_packages() {
    [ "$(id -u)" = 0 ] || fail "these packages are missing and only root can install them: $*"
    command -v apt-get >/dev/null || fail "these packages are missing and there is no apt-get: $*"
    echo "install-peers: installing $*"
    log=$(mktemp)
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    if ! { apt-get update && without_services apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        fail "apt-get cannot provide: $*"
    fi
    rm -f "$log"
    [ -z "$(missing_packages)" ] || fail "installed, but without the expected program: $(missing_packages | tr '\n' ' ')"
}

install_python() {
    echo "install-peers: installing $(requirements | tr '\n' ' ')into $venv"
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv" ||
        fail "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
    requirements >"$venv/requirements.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$venv/requirements.txt" ||
        fail "PyPI cannot provide: $(requirements | tr '\n' ' ')"
    # The mark is last, so that an interrupted installation is done again.
    requirements >"$venv/installed.txt"
}

# Packages that exclude others stand beside them.
unpack() {
    echo "install-peers: unpacking $2 into $unpacked/$1"
    downloads=$(mktemp -d)
    (cd "$downloads" && apt-get download "$2" >log 2>&1) || { cat "$downloads/log" >&2; fail "apt-get cannot provide: $2"; }
    mkdir -p "$unpacked/$1"
    dpkg -x "$downloads"/*.deb "$unpacked/$1"
    # Nothing here runs as anybody else than who starts it.
    find "$unpacked/$1" -perm /6000 -type f -exec chmod a-s {} +
    rm -rf "$downloads"
    # The mark is last, so that an interrupted unpacking is done again.
    : >"$unpacked/$1/.$2"
}

unpack_missing() {
    while read -r kind folder package; do
        if [ "$kind" = beside ] && [ ! -e "$unpacked/$folder/.$package" ]; then
            unpack "$folder" "$package"
        fi
    done <"$list"
}

add_users() {
    while read -r kind name _; do
        if [ "$kind" = user ] && ! id "$name" >/dev/null 2>&1; then
            useradd --system --no-create-home --shell /usr/sbin/nologin "$name" ||
                fail "only root can make the user $name"
        fi
    done <"$list"
}

packages=$(missing_packages)
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086 # one word a package
    install_packages $packages
fi
unpack_missing
add_users
if [ "$(requirements)" != "$(cat "$venv/installed.txt" 2>/dev/null)" ]; then
    install_python
fi
