#!/bin/sh
# systemd has nothing to say against the units, and little against the service's sandbox.
set -u
srcdir=${srcdir:-.}
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT

echo 1..4

# Against a service as it is made here: the program need not be installed yet, but has to exist.
service=$directory/trailstopd.service
socket=$directory/trailstopd.socket
sed "s|^\(Exec[A-Za-z]*\)=.*/trailstopd|\1=$PWD/trailstopd|" systemd/trailstopd.service >"$service"
cp "$srcdir/systemd/trailstopd.socket" "$socket"

if grep '@[a-z]*@' systemd/trailstopd.service >"$directory/found"; then
    echo "not ok 1 - everything in the service is filled in"
    sed 's/^/# /' "$directory/found"
else
    echo "ok 1 - everything in the service is filled in"
fi

if ! command -v systemd-analyze >/dev/null; then
    echo "ok 2 - systemd-analyze verify # SKIP there is no systemd-analyze"
    echo "ok 3 - systemd-analyze security # SKIP there is no systemd-analyze"
else
    if systemd-analyze verify --man=no "$service" "$socket" >"$directory/found" 2>&1 &&
        [ ! -s "$directory/found" ]; then
        echo "ok 2 - systemd-analyze verify"
    else
        echo "not ok 2 - systemd-analyze verify"
        sed 's/^/# /' "$directory/found"
    fi

    # --offline came with systemd 250.
    if ! systemd-analyze --help | grep -q -e --offline; then
        echo "ok 3 - systemd-analyze security # SKIP systemd-analyze cannot look at files"
    elif systemd-analyze security --offline=yes --threshold=12 --no-pager "$service" \
        >"$directory/found" 2>&1; then
        echo "ok 3 - systemd-analyze security: exposure is at most 1.2"
    else
        echo "not ok 3 - systemd-analyze security: exposure is at most 1.2"
        grep -v '^✓' "$directory/found" | sed 's/^/# /'
    fi
fi

# The daemon, its socket's unit and its clients look for the socket at one place.
path=$(sed -n 's/.*TRAILSTOP_SOCKET_DEFAULT "\(.*\)"/\1/p' "$srcdir/common/names.h")
if grep -qxF "ListenStream=$path" "$socket"; then
    echo "ok 4 - trailstopd.socket listens where clients look"
else
    echo "not ok 4 - trailstopd.socket listens where clients look"
fi
