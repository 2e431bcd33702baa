#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests on SQLite and on a private PostgreSQL that is removed afterwards.
# Ends with ctest's summary and its exit status.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--quick | --nightly] [--preset dev|release|asan|tsan] [--sanitizers] [-- CTEST ARGUMENTS]
  --quick        leave out the tests labelled `slow`, and PostgreSQL unless RINGCTL_TEST_POSTGRES names a server
  --nightly      the tests labelled `slow` alone, at the sizes that a release asks for: some hours
  --preset NAME  build and test this preset instead of dev
  --sanitizers   afterwards also the quick tests under asan, and those of rooms with threads under tsan
  --             the rest goes to ctest, e.g. tests/run.sh --quick -- -R config
TEXT
}

quick=no
nightly=no
preset=dev
sanitizers=no
while (($#)); do
  case $1 in
    --quick) quick=yes ;;
    --nightly) nightly=yes ;;
    --preset)
      preset=${2:?"--preset needs a name"}
      shift
      ;;
    --sanitizers) sanitizers=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    --)
      shift
      break
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
# shellcheck source=fixtures/packages.sh
. fixtures/packages.sh

# prepare_scratch: where all files of the tests lie until they have ended. In memory where there is plenty: most of the
# time would go into waiting for a disk, and that bytes outlive a power cut is nothing that a test here can see.
scratch=
prepare_scratch() {
  local folder=${TMPDIR:-/tmp} free_kib
  free_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  if [[ -w /dev/shm && $(stat -fc %T /dev/shm) == tmpfs && $free_kib -ge $((8 << 20)) ]] &&
    (($(df --output=avail /dev/shm | tail -1) >= 4 << 20)); then folder=/dev/shm; fi
  scratch=$(mktemp -d "$folder/ringctl-tests.XXXXXX")
  chmod 711 "$scratch" # PostgreSQL may run as another user than we do
  export TMPDIR=$scratch
}
# start_postgres: sets RINGCTL_TEST_POSTGRES. Its tests fail without it; none is skipped. Empty: the tests do without.
start_postgres() {
  if [[ $quick == yes ]]; then
    export RINGCTL_TEST_POSTGRES=${RINGCTL_TEST_POSTGRES:-}
    return 0
  fi
  RINGCTL_TEST_POSTGRES=$(tests/support/pg_cluster.sh start "$scratch/pg")
  export RINGCTL_TEST_POSTGRES
}
# prepare_terminals: a bare root (fresh from debootstrap, say) has a /dev without pseudo-terminals, and the tests that
# need a terminal fail there. Root can help; everyone else has them anyway.
mounted_terminals=no
prepare_terminals() {
  if ((EUID != 0)) || [[ -e /dev/pts/ptmx ]]; then return 0; fi
  echo "No pseudo-terminals here: mounting devpts on /dev/pts until the tests have ended" >&2
  mkdir -p /dev/pts
  # A /dev that is bound in from outside must not hand the mount back to where it came from.
  if [[ $(findmnt -no PROPAGATION /dev 2>/dev/null) == shared ]]; then mount --make-private /dev; fi
  if mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts; then
    mounted_terminals=yes
  else
    echo "That failed; tests that need a terminal will fail too" >&2
  fi
}
install_packages() {
  local folder=$1
  shift
  npm install --prefix "$folder" --no-audit --no-fund --no-save --loglevel=error "$@" >&2
}
# prepare_node: sets RINGCTL_TEST_NODE to a folder with Twilio's helper library and prism, which tests compare verdicts and
# answers with. Kept between runs. Where node, npm or the network is missing those tests say so and compare nothing.
prepare_node() {
  if [[ -n ${RINGCTL_TEST_NODE:-} ]]; then return 0; fi
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "No node and npm here: the comparison with Twilio's helper library is left out" >&2
    return 0
  fi
  local folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ringctl-tests/twilio-6.2.0-prism-5.14.2
  if [[ ! -e $folder/node_modules/twilio/package.json || ! -e $folder/node_modules/.bin/prism ]]; then
    mkdir -p "$folder"
    # Prism brings hundreds of packages along: where one of them cannot be had, the helper library still can.
    if ! install_packages "$folder" twilio@6.2.0 @stoplight/prism-cli@5.14.2; then
      echo "npm could not fetch prism 5.14.2: the comparison with it is left out" >&2
      if [[ ! -e $folder/node_modules/twilio/package.json ]] && ! install_packages "$folder" twilio@6.2.0; then
        echo "npm could not fetch twilio 6.2.0: the comparison with Twilio's helper library is left out" >&2
        rm -rf "$folder"
        return 0
      fi
    fi
  fi
  export RINGCTL_TEST_NODE=$folder
}
# prepare_browser: sets RINGCTL_TEST_BROWSER to a folder with what drives a browser and what judges pages in it, and sees
# to it that there is a browser. The folder is kept between runs. Without a network, tests of pages say so and look at
# none; under --nightly they fail. Debian 12 has Node 18, which later versions of playwright-core (1.65) refuse.
prepare_browser() {
  if [[ -n ${RINGCTL_TEST_BROWSER:-} ]]; then return 0; fi
  if ! need_packages browser || ! command -v npm >/dev/null ||
    ! { command -v chromium-headless-shell || command -v chromium || command -v google-chrome-stable; } >/dev/null; then
    echo "No browser here: nobody looks at the pages of reports" >&2
    return 0
  fi
  local folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ringctl-tests/playwright-1.61.0-axe-4.14.1
  if [[ ! -e $folder/node_modules/playwright-core/package.json || ! -e $folder/node_modules/axe-core/package.json ]]; then
    mkdir -p "$folder"
    if ! install_packages "$folder" playwright-core@1.61.0 axe-core@4.14.1; then
      echo "npm could not fetch playwright-core 1.61.0 and axe-core 4.14.1: nobody looks at the pages of reports" >&2
      rm -rf "$folder"
      return 0
    fi
  fi
  export RINGCTL_TEST_BROWSER=$folder
}
# shellcheck disable=SC2317 # reached through the trap
clean_up() {
  if [[ -n $scratch ]]; then
    tests/support/pg_cluster.sh stop "$scratch/pg" >/dev/null || true
    rm -rf "$scratch"
  fi
  if [[ $mounted_terminals == yes ]]; then umount /dev/pts || true; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build() {
  cmake --preset "$1" -DRINGCTL_SLOW_TIMEOUT="$slow_timeout" >/dev/null
  cmake --build --preset "$1" -j "$(nproc)"
}
# Two for each processor: many tests wait for disks, for PostgreSQL and for simulated phones.
run_ctest() {
  local name=$1
  shift
  ctest --test-dir "build/$name" --output-on-failure --no-tests=error -j "$((2 * $(nproc)))" "$@"
}

# As a pattern of labels: rooms that start threads, and those that give them their work.
rooms_with_threads() {
  grep -rlE 'std::(jthread|thread|async)\b|read_side_by_side\(' lib --include='*.cpp' | cut -d/ -f2 | sort -u | paste -sd'|' | sed 's/.*/^(&)(_postgresql)?$/'
}

slow_timeout=1200
if [[ $nightly == yes ]]; then
  slow_timeout=14400
  export RINGCTL_TEST_FULL=1
fi
need_packages test
if [[ $quick == no ]]; then
  prepare_browser # first: it brings a Node along where there is none
  prepare_node
fi
build "$preset"
prepare_terminals
prepare_scratch
start_postgres

status=0
left_out=slow
if [[ -z $RINGCTL_TEST_POSTGRES ]]; then left_out='slow|postgresql'; fi
selection=()
if [[ $quick == yes ]]; then selection=(-LE "$left_out"); fi
if [[ $nightly == yes ]]; then selection=(-L slow); fi
run_ctest "$preset" "${selection[@]}" "$@" || status=$?

if [[ $sanitizers == yes ]]; then
  build asan
  run_ctest asan -LE "$left_out" "$@" || status=$?
  build tsan
  run_ctest tsan -L "$(rooms_with_threads)" -LE "$left_out" "$@" || status=$?
fi
exit "$status"
