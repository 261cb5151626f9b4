#!/bin/sh
# Installs what the server and its tests need beside Rust and Node, and makes the user it becomes when started as root.
set -eu

find_postgres() {
    for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
        [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] || continue
        version=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        [ "$version" -ge 15 ] && return 0
    done
    command -v postgres >/dev/null 2>&1 && [ "$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 15 ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else
        echo "make: please install as root: $*" >&2
        exit 1
    fi
}

if ! find_postgres || ! command -v psql >/dev/null 2>&1; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "make: please install PostgreSQL 15 or newer (server and psql)" >&2
        exit 1
    fi
    # Only the binaries are wanted: the package must not make a system cluster of its own.
    as_root mkdir -p /etc/postgresql-common
    if ! grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf; then
        echo 'create_main_cluster = false' | as_root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql-15 ||
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql
fi

if ! command -v curl >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends curl
fi

# Clients that the tests run against the server; tests of those that are missing are left out.
if command -v apt-get >/dev/null 2>&1; then
    missing=
    command -v mbsync >/dev/null 2>&1 || missing="$missing isync"
    command -v fetchmail >/dev/null 2>&1 || missing="$missing fetchmail"
    [ -x /usr/bin/chromium ] || missing="$missing chromium"
    command -v neomutt >/dev/null 2>&1 || missing="$missing neomutt"
    command -v swaks >/dev/null 2>&1 || missing="$missing swaks"
    command -v baresip >/dev/null 2>&1 || missing="$missing baresip-core"
    command -v linphonec >/dev/null 2>&1 || missing="$missing linphone-cli"
    command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
    command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
    PATH="$PATH:/usr/sbin" command -v nft >/dev/null 2>&1 || missing="$missing nftables"
    PATH="$PATH:/usr/sbin" command -v ip >/dev/null 2>&1 || missing="$missing iproute2"
    perl -MNet::SSLeay -e 1 >/dev/null 2>&1 || missing="$missing libnet-ssleay-perl"
    perl -MAuthen::SASL -e 1 >/dev/null 2>&1 || missing="$missing libauthen-sasl-perl"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing || true
fi

if [ "$(id -u)" = 0 ] && ! id postamt >/dev/null 2>&1; then
    useradd --system --home-dir /var/lib/postamt --shell /usr/sbin/nologin postamt
fi
