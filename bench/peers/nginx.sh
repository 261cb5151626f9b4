#!/bin/bash
# nginx with a static JSON answer on 127.0.0.1:18080, as the physical limit of an HTTP API.
# usage: nginx.sh start|stop|pid   (state below ${PEER_DIR:-/tmp/peers}/nginx)
set -eu
d=${PEER_DIR:-/tmp/peers}/nginx; port=${PORT:-18080}
case ${1:-} in
start)
  command -v nginx >/dev/null || "$(dirname "$(readlink -f "$0")")/quiet_install.sh" nginx-light wrk
  mkdir -p "$d"
  printf '{"data":[%s]}' "$(for i in $(seq 1 10); do printf '{"id":%d,"name":"user%d","email":"u%d@bench.test","enabled":true},' $i $i $i; done | sed 's/,$//')" > "$d/users.json"
  chmod 755 "$d"; 
  cat > "$d/nginx.conf" <<C
worker_processes ${WORKERS:-2};
pid $d/pid;
error_log $d/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 10000000;
  default_type application/json;
  server {
    listen 127.0.0.1:$port;
    location = /tiny { return 200 '{"id":1,"name":"user1","email":"u1@bench.test","enabled":true}'; }
    location / { root $d; open_file_cache max=100; }
  }
}
C
  nginx -c "$d/nginx.conf"; cat "$d/pid";;
stop) kill -QUIT "$(cat "$d/pid")";;
pid) cat "$d/pid";;
*) echo "usage: $0 start|stop|pid" >&2; exit 2;;
esac
