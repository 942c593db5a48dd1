#!/usr/bin/env bash
# The image and the compose file, tried as a person would use them: five daemons in containers of their own, one message
# from alice to bob and its acknowledgement, a relay killed and another stopped, the same state root everywhere.
#
# Uses the Docker that answers; where none does, starts one in a temporary folder (see engine.sh). Ends by removing all it
# made. BMAIL_ENGINE_CACHE keeps the base image of that engine for the next time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
engine='' work=$(mktemp -d)
readonly daemons=(relay1 relay2 relay3 alice bob)
export COMPOSE_PROJECT_NAME="bmailtest$$" BMAIL_IMAGE="b-mail:test-$$"
passed=0 failed=0

say() { printf '# %s\n' "$*"; }

main() {
  trap finish EXIT
  trap 'exit 130' INT TERM
  start_engine
  choose_compose
  build_image
  check 'the network comes up and every daemon is ready' start_network
  if [ "$failed" -gt 0 ]; then return; fi

  check 'alice sends bob a message, and it settles' send_first
  check 'bob reads the very bytes that alice sent' same_bytes
  check 'bob acknowledges it, and the verdict settles' acknowledge
  check 'the receipt says what was paid, in an anchored batch' receipt
  check 'the state root is the same on all five' same_root

  check 'a relay is killed, and mail goes on without it' send_without relay2
  check 'the killed relay comes back' come_back relay2
  check 'the state root is the same on all five after the kill' same_root
  check 'the host of the log is stopped, and comes back' stop_and_start relay1
  check 'bob answers alice after that' send_back
  check 'the whole network is taken down and comes up from its volumes' restart_network
  check 'the state root is the same on all five after the restart' same_root
}

# check NAME COMMAND...: one line of the result. What the command says is shown only when it fails.
check() {
  local name=$1 status=0 began=$SECONDS
  shift
  # A subshell with -e of its own: under `if` or `||` bash would go on after the first failing command.
  set +e
  (set -e; "$@") >"$work/output" 2>&1
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    printf 'ok - %s (%d s)\n' "$name" $((SECONDS - began))
  else
    failed=$((failed + 1))
    printf 'not ok - %s\n' "$name"
    tail -n 25 "$work/output" | sed 's/^/#   /'
  fi
}

start_engine() {
  if timeout 20 docker version >/dev/null 2>&1; then return; fi
  say 'no Docker answers: starting one'
  engine=$(mktemp -d)
  if ! DOCKER_HOST=$(timeout 1800 bash "$here/engine.sh" up "$engine"); then
    failed=1
    echo 'not ok - a container engine'
    exit 1
  fi
  export DOCKER_HOST
}

choose_compose() {
  if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
  compose+=(--file "$project/compose.yaml")
  say "Docker $(docker version --format '{{.Server.Version}}'), Compose $(timeout 20 "${compose[@]}" version --short)"
}

build_image() {
  # npm inside the build asks the registry that npm outside is configured with.
  local registry
  registry=$(cd "$project" && npm config get registry 2>/dev/null)
  say 'building the image'
  if ! timeout 1200 docker build --quiet --build-arg "NPM_CONFIG_REGISTRY=$registry" --tag "$BMAIL_IMAGE" "$project" >"$work/output" 2>&1; then
    printf 'not ok - the image builds\n'
    tail -n 25 "$work/output" | sed 's/^/#   /'
    failed=1
    exit 1
  fi
  passed=1
  echo 'ok - the image builds'
}

# in_daemon NAME WORDS...: a command of the program, in the container of that daemon.
in_daemon() {
  local name=$1
  shift
  timeout 120 "${compose[@]}" exec -T "$name" bmail "$@" </dev/null
}

# field EXPRESSION: of the JSON on standard input, for example `field .id`.
field() { node -e 'const text = require("fs").readFileSync(0, "utf8"); process.stdout.write(String(JSON.parse(text)'"$1"'))'; }

# poll SECONDS COMMAND...: run it until it succeeds.
poll() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "still not after the time allowed: $*"
      return 1
    fi
    sleep 1
  done
}

healthy() {
  local id
  id=$(timeout 20 "${compose[@]}" ps --quiet "$1")
  [ "$(docker inspect --format '{{.State.Health.Status}}' "$id")" = healthy ]
}

all_healthy() {
  local name
  for name in "${daemons[@]}"; do poll 180 healthy "$name"; done
}

start_network() {
  timeout 600 "${compose[@]}" up -d
  all_healthy
}

send_first() {
  in_daemon bob whoami --json | field '[0].address' >"$work/bob"
  in_daemon alice whoami --json | field '[0].address' >"$work/alice"
  in_daemon alice send --to "$(cat "$work/bob")" --subject 'Grüße' --text "$(printf 'Good morning, Bob.\n\nThis is a letter. ✉\n')" \
    --yes --wait --json | field .message.id >"$work/id"
}

in_inbox() { in_daemon "$1" inbox --json | grep -qF -- "$2"; }

same_bytes() {
  local id
  id=$(cat "$work/id")
  poll 60 in_inbox bob "$id"
  in_daemon bob read "$id" --raw >"$work/received"
  in_daemon alice read "$id" --raw >"$work/sent"
  sha256sum "$work/sent" "$work/received"
  [ -s "$work/received" ]
  [ "$(sha256sum <"$work/sent")" = "$(sha256sum <"$work/received")" ]
  grep -qi '^mime-version: 1.0' "$work/received"
  in_daemon bob read "$id" | grep -qF 'This is a letter. ✉'
}

acknowledge() { in_daemon bob ack "$(cat "$work/id")" value --wait; }

receipt() {
  in_daemon alice receipt "$(cat "$work/id")" --json | tee "$work/receipt"
  [ "$(field .batchHeight <"$work/receipt")" -gt 0 ]
  [ "$(field '.lines[0].fee' <"$work/receipt")" -gt 0 ]
}

send_without() {
  timeout 60 "${compose[@]}" kill "$1"
  in_daemon alice send --to "$(cat "$work/bob")" --subject 'Again' --text 'While a relay was away.' --yes --wait --json | field .message.id >"$work/second"
  poll 60 in_inbox bob "$(cat "$work/second")"
}

come_back() {
  timeout 60 "${compose[@]}" start "$1"
  poll 180 healthy "$1"
}

stop_and_start() {
  local id
  id=$(timeout 20 "${compose[@]}" ps --quiet "$1")
  timeout 60 "${compose[@]}" stop "$1"
  # Any other code means that it did not end by itself when it was asked to.
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$id")" = 0 ]
  come_back "$1"
}

send_back() {
  poll 120 healthy bob
  in_daemon bob send --to "$(cat "$work/alice")" --subject 'Re: Grüße' --text 'Thank you.' --yes --wait --json | field .message.id >"$work/third"
  poll 60 in_inbox alice "$(cat "$work/third")"
}

restart_network() {
  timeout 120 "${compose[@]}" down
  start_network
  in_inbox bob "$(cat "$work/id")"
}

same_root() { poll 120 roots_agree; }

# Height and root of each daemon, in one comparison: a daemon that is a batch behind is asked again.
roots_agree() {
  local name
  for name in "${daemons[@]}"; do
    in_daemon "$name" network --json >"$work/network-$name"
    printf '%s %s\n' "$(field .height <"$work/network-$name")" "$(field .stateRoot <"$work/network-$name")"
  done >"$work/roots"
  cat "$work/roots"
  [ "$(sort -u "$work/roots" | wc -l)" = 1 ] && grep -qE '^[1-9][0-9]* [0-9a-f]{64}$' "$work/roots"
}

finish() {
  local status=$?
  set +e
  if [ -n "${compose+set}" ]; then
    if [ "$failed" -gt 0 ]; then timeout 60 "${compose[@]}" logs --no-color --tail 30 2>&1 | sed 's/^/# /'; fi
    timeout 180 "${compose[@]}" down --volumes --remove-orphans --timeout 10 >"$work/down" 2>&1 || cat "$work/down"
    timeout 60 docker image rm --force "$BMAIL_IMAGE" >/dev/null 2>&1
  fi
  if [ -n "$engine" ]; then timeout 180 bash "$here/engine.sh" down "$engine"; fi
  rm -rf "$work"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  if [ "$status" != 0 ] || [ "$failed" -gt 0 ]; then exit 1; fi
}

main "$@"
