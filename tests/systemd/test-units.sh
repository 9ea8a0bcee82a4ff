#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd has nothing to say against the units, and little against the service's sandbox.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

echo 1..4

# Against a service as it is made here: the program need not be installed yet, but has to exist.
service=$directory/trailstopd.service
socket=$directory/trailstopd.socket
sed "s|^\(Exec[A-Za-z]*\)=.*/trailstopd|\1=$PWD/trailstopd|" systemd/trailstopd.service >"$service"
cp "$srcdir/systemd/trailstop-metrics.service" "$srcdir/systemd/trailstop-metrics.timer" "$directory"
cp "$srcdir/systemd/trailstopd.socket" "$srcdir/systemd/trailstopd-delay.service" "$directory"

! grep '@[a-z]*@' systemd/trailstopd.service >"$directory/found"
result $? "everything in the service is filled in"

if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$service" "$socket" "$directory/trailstop-metrics.timer" >"$directory/found" 2>&1 && [ ! -s "$directory/found" ]
    result $? "systemd-analyze verify finds nothing wrong"
else
    skip "systemd-analyze verify finds nothing wrong" systemd-analyze
fi

# --offline came with systemd 250.
if systemd-analyze --help 2>/dev/null | grep -q -e --offline; then
    systemd-analyze security --offline=yes --threshold=12 --no-pager "$service" >"$directory/found" 2>&1
    result $? "systemd-analyze security finds an exposure of at most 1.2"
else
    skip "systemd-analyze security finds an exposure of at most 1.2" "systemd-analyze that looks at files"
fi

# The daemon, its socket's unit and its clients look for the socket at one place.
path=$(sed -n 's/.*TRAILSTOP_SOCKET_DEFAULT "\(.*\)"/\1/p' "$srcdir/common/names.h")
grep '^ListenStream=' "$socket" >"$directory/found"
grep -qxF "ListenStream=$path" "$directory/found"
result $? "trailstopd.socket listens where clients look"
