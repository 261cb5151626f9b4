#!/bin/bash
# rtpengine in userspace (no kernel module) with the ng control port on 127.0.0.1:2223.
# usage: rtpengine.sh start|stop|pid     THREADS=2
set -eu
d=${PEER_DIR:-/tmp/peers}/rtpengine; port=${PORT:-2223}
case ${1:-} in
start)
  command -v rtpengine >/dev/null || "$(dirname "$(readlink -f "$0")")/quiet_install.sh" rtpengine
  mkdir -p "$d"; ulimit -n 20000 || true
  rtpengine --config-file=none --table=-1 --interface=127.0.0.1 --listen-ng=127.0.0.1:$port --port-min=24000 --port-max=32767 \
    --num-threads="${THREADS:-2}" --log-level=3 --timeout=3600 --silent-timeout=3600 --tos=0 --pidfile="$d/pid" ${RTPE_OPTS:-} > "$d/log" 2>&1
  sleep 1; cat "$d/pid";;
stop) kill "$(cat "$d/pid")"; sleep 1;;
pid) cat "$d/pid";;
*) echo "usage: $0 start|stop|pid" >&2; exit 2;;
esac
