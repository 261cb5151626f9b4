// English for words that come from the API where the word itself does not do.
export const coded: Record<string, string> = {
  "check.database": "Database", "check.running": "Running",
  "list.client_ips": "Client IPs",
  "choice.smtp": "SMTP", "choice.submission": "Submission", "choice.imap": "IMAP", "choice.pop": "POP3", "choice.http_admin": "HTTP, administrators", "choice.http_user": "HTTP, users", "choice.sip_udp": "SIP, UDP", "choice.sip_tcp": "SIP, TCP", "choice.sip_tls": "SIP, TLS",
  "choice.tls_off": "none", "choice.tls_starttls": "on demand (STARTTLS)", "choice.tls_implicit": "from the start", "choice.access_grant": "only these", "choice.access_deny": "all but these",
  "setting.group.set_reply_to": "Answers go to the group", "setting.group.remove_to_cc": "Recipients named in the mail are taken out", "setting.group.remove_author": "The author gets no copy", "setting.group.reject_automatic": "Automatic mail is refused",
  "setting.group.final_delivery": "The group is named as the final recipient", "setting.group.email_disabled": "Takes no mail", "setting.group.signal_disabled": "Takes no calls",
};
