#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The floors of daemon/ (see docs/ARCHITECTURE.md): a file includes only what is on its own floor or below. The client
# stands apart and sees common/ alone.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

floors='common base http aws credentials config jobs queue server'

echo 1..2

below=
: >"$directory/found"
for floor in $floors; do
    below="$below $floor"
    if [ "$floor" = common ]; then folder=common; else folder=daemon/$floor; fi
    [ -d "$srcdir/$folder" ] || continue
    allowed=$(echo $below | tr ' ' '|')
    (cd "$srcdir" && grep -rnE '^#include "(common|daemon|client)/' "$folder") |
        grep -vE "\"(daemon/)?($allowed)/" >>"$directory/found"
done
[ ! -s "$directory/found" ]
result $? "no floor includes what stands above it"

(cd "$srcdir" && grep -rnE '^#include "' client) | grep -vE '"(client|common)/|"config.h"' >"$directory/found"
[ ! -s "$directory/found" ]
result $? "the client includes nothing of the daemon"
