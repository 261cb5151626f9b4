#!/bin/bash
# postfix (SMTP 127.0.0.1:2525) -> LMTP over a unix socket -> dovecot (IMAP 2143, POP3 2110), own config,
# own queue and own mail store; durable: postfix fsyncs its queue file, dovecot fsyncs on delivery.
# usage: postfix_dovecot.sh start|stop|pids|clean     USERS=100 MAILBOX=maildir|mdbox|sdbox
#        TRANSPORT=discard: (accept only)   HIBERNATE=2s (idle sessions leave their process)   HASH=SHA512-CRYPT
set -eu
d=${PEER_DIR:-/tmp/peers}/mail; users=${USERS:-100}; box=${MAILBOX:-maildir}; hash=${HASH:-PLAIN}
case ${1:-} in
start)
  command -v dovecot >/dev/null && command -v postfix >/dev/null || "$(dirname "$(readlink -f "$0")")/quiet_install.sh" postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd
  mkdir -p "$d/pf/etc" "$d/pf/spool" "$d/pf/data" "$d/dc/run" "$d/mail-$box"
  id vmail >/dev/null 2>&1 || useradd -r -M -d /nonexistent -s /usr/sbin/nologin vmail
  chown vmail "$d/mail-$box"; chown postfix "$d/pf/data"; chmod 755 "$(dirname "$d")" "$d"
  case $box in
    maildir) loc="maildir:$d/mail-$box/%u";;
    *) loc="$box:$d/mail-$box/%u";;
  esac
  if [ "$hash" = PLAIN ]; then pw='{PLAIN}secret'; else pw=$(doveadm pw -s "$hash" -p secret); fi
  for i in $(seq 0 $((users-1))); do echo "u$i@bench.test:$pw:::::"; done > "$d/dc/passwd"
  cat > "$d/dc/dovecot.conf" <<C
base_dir = $d/dc/run
state_dir = $d/dc/run
log_path = $d/dc/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = $loc
mail_fsync = always
mail_plugins =
first_valid_uid = 1
default_process_limit = 2000
default_client_limit = 20000
default_vsz_limit = 1G
mail_max_userip_connections = 100000
auth_cache_size = 10M
passdb {
  driver = passwd-file
  args = $d/dc/passwd
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=$d/mail-$box/%u
}
service imap-login {
  inet_listener imap {
    port = 2143
  }
  inet_listener imaps {
    port = 0
  }
  service_count = 0
  process_min_avail = 2
  client_limit = 5000
}
service pop3-login {
  inet_listener pop3 {
    port = 2110
  }
  inet_listener pop3s {
    port = 0
  }
  service_count = 0
}
${HIBERNATE:+imap_hibernate_timeout = $HIBERNATE}
service imap {
  unix_listener imap-master {
    mode = 0666
  }
  process_limit = 5000
  service_count = ${IMAP_SERVICE_COUNT:-100}
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service lmtp {
  unix_listener $d/lmtp.sock {
    mode = 0666
  }
  process_min_avail = 2
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
namespace inbox {
  inbox = yes
  separator = /
}
C
  cat > "$d/pf/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $d/pf/spool
data_directory = $d/pf/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mx.bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = $d/pf/log
maillog_file_prefixes = $d
virtual_mailbox_domains = bench.test
virtual_transport = ${TRANSPORT:-lmtp:unix:$d/lmtp.sock}
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
default_process_limit = 200
default_destination_concurrency_limit = ${LMTP_CONC:-8}
lmtp_destination_concurrency_limit = ${LMTP_CONC:-8}
lmtp_connection_cache_on_demand = yes
in_flow_delay = ${IN_FLOW_DELAY:-1s}
message_size_limit = 52428800
biff = no
C
  cp /usr/lib/postfix/sbin/../master.cf "$d/pf/etc/master.cf" 2>/dev/null || cat > "$d/pf/etc/master.cf" <<C
127.0.0.1:2525 inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
C
  cp -n /etc/postfix/postfix-files /etc/postfix/postfix-script /etc/postfix/post-install /etc/postfix/dynamicmaps.cf "$d/pf/etc/" 2>/dev/null || true
  dovecot -c "$d/dc/dovecot.conf"
  mkdir -p /etc/postfix; [ -f /etc/postfix/main.cf ] || printf 'compatibility_level = 3.6\nalternate_config_directories = %s\n' "$d/pf/etc" > /etc/postfix/main.cf
  postfix -c "$d/pf/etc" start >/dev/null 2>>"$d/pf/start.log" || tail -5 "$d/pf/start.log" "$d/pf/log" >&2
  sleep 1; "$0" pids;;
pids) echo "$(tr -d ' \n' < "$d/pf/spool/pid/master.pid"),$(cat "$d/dc/run/master.pid")";;
stop) postfix -c "$d/pf/etc" stop 2>/dev/null || true; doveadm -c "$d/dc/dovecot.conf" stop || true;;
clean) rm -rf "$d";;
*) echo "usage: $0 start|stop|pids|clean" >&2; exit 2;;
esac
