#!/usr/bin/env bash
# A container engine in a folder, for machines on which none runs and from which no image can be pulled.
#
#   engine.sh up DIR     starts it and makes the Dockerfile's base image; prints the value for DOCKER_HOST
#   engine.sh down DIR   stops it, and removes everything that `up` made in DIR
#
# It needs root and a Debian or Ubuntu with apt. The engine lives in a network namespace of its own, so that the firewall
# rules and bridges it makes leave those of the machine alone. Packages come from whatever apt and npm are configured with.
# BMAIL_ENGINE_CACHE names a folder in which the base image is kept for the next time.
set -euo pipefail

readonly packages=(docker.io docker-compose debootstrap iptables iproute2 slirp4netns)
readonly programs=(dockerd docker debootstrap iptables ip slirp4netns)
# The resolver that slirp4netns offers inside the namespace: it works where the machine's own listens on loopback only.
readonly resolver=10.0.2.3

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf 'engine: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# poll SECONDS WHAT COMMAND...: run the command until it succeeds.
poll() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what did not happen in time"
    sleep 0.2
  done
}

up() {
  local dir=$1
  [ "$(id -u)" = 0 ] || fail 'a container engine can only be started as root; run this as root, or start Docker yourself'
  install_packages
  mkdir -p "$dir/root" "$dir/exec" "$dir/tmp"
  local name
  name=bmail-$(basename "$dir" | tr -cd 'a-zA-Z0-9')
  echo "$name" >"$dir/name"
  start_network "$dir" "$name"
  start_daemon "$dir" "$name"
  export DOCKER_HOST="unix://$dir/docker.sock"
  make_base "$dir"
  echo "$DOCKER_HOST"
}

down() {
  local dir=$1 name
  [ -f "$dir/name" ] || return 0
  name=$(cat "$dir/name")
  say "stopping $name"
  stop_containers "$dir"
  stop_process "$dir" "$dir/docker.pid" 30
  stop_process "$dir" "$dir/exec/containerd/containerd.pid" 10
  stop_process "$name" "$dir/slirp.pid" 5
  ip netns del "$name" 2>/dev/null || true
  # The deepest mounts first: a shim that was killed leaves its overlay behind.
  awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | while read -r point; do umount -l "$point" || true; done
  find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>/dev/null || true
  rm -rf --one-file-system "$dir/root" "$dir/exec" "$dir/tmp"
  rm -f "$dir"/{name,docker.sock,docker.pid,slirp.pid,dockerd.log,slirp.log,daemon.json}
  rmdir "$dir" 2>/dev/null || true
}

install_packages() {
  local program missing=()
  for program in "${programs[@]}"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "missing ${missing[*]}, and no apt-get to install them with; install and start Docker yourself"
  say "installing ${packages[*]} (missing: ${missing[*]})"
  timeout 300 apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >&2
}

start_network() {
  local dir=$1 name=$2
  say "network namespace $name, reached through slirp4netns"
  ip netns add "$name"
  nsenter --net="/run/netns/$name" ip link set lo up
  setsid slirp4netns --configure --mtu=1400 --disable-host-loopback --netns-type=path "/run/netns/$name" tap0 \
    </dev/null >"$dir/slirp.log" 2>&1 &
  echo $! >"$dir/slirp.pid"
  poll 20 'the network of the namespace' nsenter --net="/run/netns/$name" ip route get "$resolver"
}

start_daemon() {
  local dir=$1 name=$2
  say "dockerd, all of it under $dir"
  echo '{}' >"$dir/daemon.json"
  TMPDIR="$dir/tmp" setsid nsenter --net="/run/netns/$name" dockerd --config-file "$dir/daemon.json" --data-root "$dir/root" \
    --exec-root "$dir/exec" --pidfile "$dir/docker.pid" --host "unix://$dir/docker.sock" --dns "$resolver" \
    --cgroup-parent "/$name" </dev/null >"$dir/dockerd.log" 2>&1 &
  poll 60 "an answer of dockerd (see $dir/dockerd.log)" docker --host "unix://$dir/docker.sock" version
}

stop_containers() {
  local host="unix://$1/docker.sock" containers
  containers=$(timeout 20 docker --host "$host" ps --quiet 2>/dev/null) || return 0
  [ -z "$containers" ] || timeout 60 docker --host "$host" kill $containers >/dev/null 2>&1 || true
}

# stop_process WORD PIDFILE SECONDS: only a process whose command line has the word is ours; the number may have been reused.
stop_process() {
  local word=$1 pid deadline=$((SECONDS + $3))
  pid=$(cat "$2" 2>/dev/null) || return 0
  is_ours() { tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$word"; }
  is_ours || return 0
  kill -TERM "$pid" 2>/dev/null || true
  while is_ours && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.2; done
  if is_ours; then kill -KILL "$pid" 2>/dev/null || true; fi
}

# The image that the Dockerfile starts from, under the same name: a minimal Debian, and the Node that this project pins.
make_base() {
  local dir=$1 image archive
  image=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' "$project/Dockerfile" | head -n 1)
  ! docker image inspect "$image" >/dev/null 2>&1 || return 0
  archive=${BMAIL_ENGINE_CACHE:-$dir/tmp}/${image//[:\/]/-}.tar
  if [ ! -f "$archive" ]; then
    mkdir -p "$(dirname "$archive")"
    make_rootfs "$dir/tmp/rootfs" "$image"
    # Renamed when complete, so that an interrupted run leaves no half archive to be trusted later.
    tar --numeric-owner -C "$dir/tmp/rootfs" -cf "$archive.part" .
    mv "$archive.part" "$archive"
    rm -rf --one-file-system "$dir/tmp/rootfs"
  fi
  say "importing $image"
  local changes=(--change 'CMD ["node"]')
  # Where the machine trusts authorities of its own, npm inside a build has to be told of them too.
  [ -z "${NODE_EXTRA_CA_CERTS:-}" ] || changes+=(--change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt')
  timeout 300 docker import "${changes[@]}" "$archive" "$image" >/dev/null
}

make_rootfs() {
  local rootfs=$1 image=$2 suite mirror node npm
  suite=$(cut -d- -f2 <<<"${image#*:}")
  node=$(readlink -f "$project/node_modules/.bin/node") || fail 'no Node in node_modules; run npm ci first'
  [ "$("$node" -p 'process.versions.node.split(".")[0]')" = "$(cut -d- -f1 <<<"${image#*:}")" ] || fail "$node is not the Node of $image"
  # Empty on a machine whose apt knows no Debian of this name: debootstrap then takes its own default.
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$suite" '$1 == "Debian" && $2 == suite && $3 == "main" { print $4; exit }')
  say "Debian $suite by debootstrap"
  timeout 900 debootstrap --variant=minbase --include=ca-certificates "$suite" "$rootfs" ${mirror:+"$mirror"} </dev/null >"$rootfs.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 3 "$rootfs.log")"
  rm -rf "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/*
  say 'Node, npm, certificates'
  install -m 755 "$node" "$rootfs/usr/local/bin/node"
  npm=$(cd "$(dirname "$rootfs")" && timeout 120 npm pack --silent "npm@$(npm --version)")
  mkdir -p "$rootfs/usr/local/lib/node_modules/npm"
  tar -xzf "$(dirname "$rootfs")/$npm" -C "$rootfs/usr/local/lib/node_modules/npm" --strip-components=1 --no-same-owner
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$rootfs/usr/local/bin/npx"
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then cat "$NODE_EXTRA_CA_CERTS" >>"$rootfs/etc/ssl/certs/ca-certificates.crt"; fi
  # The published image has this user, and the Dockerfile runs as it.
  chroot "$rootfs" groupadd --gid 1000 node
  chroot "$rootfs" useradd --uid 1000 --gid node --shell /bin/bash --create-home node
}

[ $# = 2 ] || fail 'usage: engine.sh up|down DIR'
mkdir -p "$2"
dir=$(cd "$2" && pwd -P)
case $1 in
  up) up "$dir" ;;
  down) down "$dir" ;;
  *) fail 'usage: engine.sh up|down DIR' ;;
esac
