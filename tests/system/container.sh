# SPDX-License-Identifier: Apache-2.0
# Debian's releases as directories, kept for the next time, and ways to run something in them. To be sourced; $roots is
# the directory that keeps them.

# try_container COMMAND: runs it in bash in a container of nothing but this machine's /usr, on a network of its own.
try_container() {
    with_cgroups systemd-nspawn --quiet --register=no --keep-unit --machine="trailstop-try-$$" --private-network --pipe \
        --volatile=yes --directory=/ /bin/bash -c "$1" </dev/null 2>&1
}

# One line that says why nothing can be run in a root here; nothing when it can. Found out by trying: what a container
# or a virtual machine may do shows in no list of privileges.
why_not_run() {
    local program output
    if [ "$(id -u)" != 0 ]; then
        echo 'only root can run a container'
        return
    fi
    for program in mmdebstrap systemd-nspawn unshare; do
        command -v $program >/dev/null || {
            echo "$program is missing"
            return
        }
    done
    output=$(try_container true) || echo "this machine runs no containers: $(tail -n 1 <<<"$output")"
}

# One line that says why no root can be booted here; nothing when one can. Beside what running something takes, systemd
# needs cgroups of its own, and the tests need the guest's loopback: a port that nobody listens on refuses there, and is
# unreachable where the container may not bring the device up.
why_not_boot() {
    local reason
    reason=$(why_not_run)
    if [ -n "$reason" ]; then
        echo "$reason"
    elif ! try_container 'mkdir /sys/fs/cgroup/trailstop-try && rmdir /sys/fs/cgroup/trailstop-try' >/dev/null; then
        echo 'a container gets no cgroups here'
    elif try_container ': </dev/tcp/127.0.0.1/1' | grep -qF unreachable; then
        echo 'the loopback of a container stays down here (CAP_NET_ADMIN is missing)'
    fi
}

# skipped REASON: whether tests that need containers are to be skipped for this reason. In CI they never are, lest a
# machine that lost an ability pass for one that passed the tests.
skipped() {
    [ -n "$1" ] && [ "${CI:-}" != true ]
}

# cached_root RELEASE PURPOSE STAMP [OPTION...]: prints the path of a root, as mmdebstrap makes it with these options;
# made again when they or the stamp change.
cached_root() {
    local release=$1 purpose=$2 stamp="mmdebstrap ${*:3}" root
    shift 3
    root=$roots/$release-$purpose
    if [ "$(cat "$root.stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$root" "$root.new" "$root.stamp"
        mkdir -p "$roots"
        mmdebstrap --quiet --variant=minbase "$@" "$release" "$root.new" >&2 && mv "$root.new" "$root" &&
            printf '%s\n' "$stamp" >"$root.stamp" || return 1
    fi
    printf '%s\n' "$root"
}

# build_root RELEASE SOURCE: prints the path of a root with what ./make-package of this source needs.
build_root() {
    cached_root "$1" build "$(sha256sum <"$2/install-packages")" \
        --customize-hook="copy-in $2/install-packages /tmp" --customize-hook='chroot "$1" /tmp/install-packages package'
}

# test_root RELEASE PACKAGE...: prints the path of a root that boots, with these packages.
test_root() {
    local release=$1
    shift
    cached_root "$release" test '' --include="$(IFS=, && echo "$*")"
}

# copy_root FROM TO: a root of one's own, to be written to.
copy_root() {
    [ -n "$1" ] && cp -a --reflink=auto "$1" "$2"
}

# copy_source FROM TO: the source without what was made in it, ./configure and what it needs in build-aux/ included.
copy_source() {
    mkdir -p "$2"
    tar -C "$1" -c --exclude-vcs --exclude='./build*' --exclude=./configure --exclude=./autom4te.cache \
        --exclude=__pycache__ . | tar -C "$2" -x
}

# In namespaces where systemd-nspawn finds a cgroup tree of its own, also inside a container that has none to give.
with_cgroups() {
    mkdir -p /run/systemd/system # where it looks for a running systemd
    unshare --mount --cgroup --propagation private /bin/sh -ec '
        umount /sys/fs/cgroup 2>/dev/null || true
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 "$@"' with_cgroups "$@"
}

# in_root ROOT COMMAND...: runs it there, with this machine's network.
in_root() {
    local root=$1
    shift
    with_cgroups systemd-nspawn --quiet --register=no --keep-unit --pipe --directory="$root" "$@" </dev/null
}

# boot_root ROOT SECONDS: boots it and waits until it has powered itself off.
boot_root() {
    with_cgroups timeout --kill-after=10 "$2" \
        systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$1" --boot
}
