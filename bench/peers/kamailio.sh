#!/bin/bash
# kamailio on udp/tcp 127.0.0.1:5070: registrar with digest auth, location in memory, stateful record-routing proxy.
# usage: kamailio.sh start|stop|pid|mem     CHILDREN=2  AUTH=mem|pg (pg: subscriber table, one SELECT per REGISTER)
#        RTPENGINE=127.0.0.1:2223 to anchor media; AUTH_INVITE=1 to challenge calls too
set -eu
d=${PEER_DIR:-/tmp/peers}/kamailio; port=${PORT:-5070}; auth=${AUTH:-mem}
db=${DB:-postgres://postgres@127.0.0.1:15432/bench}
case ${1:-} in
start)
  command -v kamailio >/dev/null || "$(dirname "$(readlink -f "$0")")/quiet_install.sh" kamailio kamailio-postgres-modules sip-tester
  mkdir -p "$d"
  if [ "$auth" = pg ]; then chk="www_authenticate(\"\$td\", \"subscriber\")"; pchk="proxy_authenticate(\"\$fd\", \"subscriber\")"
  else chk="pv_www_authenticate(\"\$td\", \"secret\", \"0\")"; pchk="pv_proxy_authenticate(\"\$fd\", \"secret\", \"0\")"; fi
  {
  cat <<C
#!KAMAILIO
debug=0
log_stderror=no
log_facility=LOG_LOCAL0
fork=yes
children=${CHILDREN:-2}
tcp_children=2
listen=udp:127.0.0.1:$port
listen=tcp:127.0.0.1:$port
alias="bench.test"
auto_aliases=no
udp4_raw=0
disable_core_dump=yes
server_header="Server: k"
loadmodule "kex.so"
loadmodule "ctl.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "auth.so"
C
  [ "$auth" = pg ] && cat <<C
loadmodule "db_postgres.so"
loadmodule "auth_db.so"
modparam("auth_db", "db_url", "$db")
modparam("auth_db", "calculate_ha1", 0)
modparam("auth_db", "password_column", "ha1")
modparam("auth_db", "load_credentials", "")
C
  [ -n "${RTPENGINE:-}" ] && cat <<C
loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:$RTPENGINE")
C
  cat <<C
modparam("ctl", "binrpc", "unix:$d/ctl")
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 16)
modparam("registrar", "max_expires", 3600)
modparam("registrar", "max_contacts", 5)
modparam("rr", "enable_full_lr", 1)
modparam("tm", "fr_timer", 30000)
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check("1511", "7")) exit;
  if (has_totag()) {
    if (loose_route()) {
C
  [ -n "${RTPENGINE:-}" ] && echo '      if (is_method("BYE")) rtpengine_delete();'
  cat <<C
      t_relay(); exit;
    }
    if (is_method("ACK") && t_check_trans()) { t_relay(); exit; }
    if (!is_method("ACK")) sl_send_reply("404", "Not Here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  t_check_trans();
  if (is_method("REGISTER")) {
    if (!$chk) { www_challenge("\$td", "0"); exit; }
    save("location"); exit;
  }
C
  [ -n "${AUTH_INVITE:-}" ] && echo "  if (!$pchk) { proxy_challenge(\"\$fd\", \"0\"); exit; } consume_credentials();"
  cat <<C
  record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
C
  [ -n "${RTPENGINE:-}" ] && echo '  if (is_method("INVITE")) { rtpengine_offer("replace-origin replace-session-connection ICE=remove"); t_on_reply("MEDIA"); }'
  echo '  t_relay();'; echo '}'
  [ -n "${RTPENGINE:-}" ] && echo 'onreply_route[MEDIA] { if (has_body("application/sdp")) rtpengine_answer("replace-origin replace-session-connection ICE=remove"); }'
  } > "$d/kamailio.cfg" || true
  if [ "$auth" = pg ]; then
    psql -q "$db" -c "create table if not exists subscriber(id serial primary key, username text, domain text, ha1 text, unique(username,domain)); create table if not exists version(table_name text unique, table_version int); insert into version values('subscriber',7) on conflict do nothing; insert into subscriber(username,domain,ha1) select 'u'||i,'bench.test',md5('u'||i||':bench.test:secret') from generate_series(0,99999) i on conflict do nothing; analyze subscriber"
  fi
  kamailio -f "$d/kamailio.cfg" -m ${SHM:-1024} -M 16 -P "$d/pid" -Y "$d" >"$d/start.log" 2>&1 || { cat "$d/start.log" >&2; exit 1; }
  sleep 1; cat "$d/pid";;
stop) kill "$(cat "$d/pid")"; sleep 1;;
pid) cat "$d/pid";;
mem) kamcmd -s "unix:$d/ctl" core.shmmem; kamcmd -s "unix:$d/ctl" stats.get_statistics registered_users 2>/dev/null || true;;
*) echo "usage: $0 start|stop|pid|mem" >&2; exit 2;;
esac
