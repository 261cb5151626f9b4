// English for words that come from the API where the word itself does not do.
export const coded: Record<string, string> = {
  "check.database": "Database", "check.running": "Running",
  "list.client_ips": "Client IPs",
  "choice.smtp": "SMTP", "choice.submission": "Submission", "choice.imap": "IMAP", "choice.pop": "POP3", "choice.http_admin": "HTTP, administrators", "choice.http_user": "HTTP, users", "choice.sip_udp": "SIP, UDP", "choice.sip_tcp": "SIP, TCP", "choice.sip_tls": "SIP, TLS",
  "choice.tls_off": "none", "choice.tls_starttls": "on demand (STARTTLS)", "choice.tls_implicit": "from the start", "choice.access_grant": "only these", "choice.access_deny": "all but these",
  "setting.group.set_reply_to": "Answers go to the group", "setting.group.remove_to_cc": "Recipients named in the mail are taken out", "setting.group.remove_author": "The author gets no copy", "setting.group.reject_automatic": "Automatic mail is refused",
  "setting.group.final_delivery": "The group is named as the final recipient", "setting.group.email_disabled": "Takes no mail", "setting.group.signal_disabled": "Takes no calls",
  "trace.received": "Taken in", "trace.delivered": "Delivered", "trace.sent": "Sent", "trace.deferred": "Put off", "trace.failed": "Failed", "trace.held": "Held", "trace.unheld": "Hold ended", "trace.released": "Tried by hand", "trace.rejected": "Rejected", "trace.redirected": "Given to others", "trace.rerouted": "Routed anew", "trace.deleted": "Deleted",
  "choice.queue_smtp": "SMTP", "choice.queue_local": "Local", "choice.queue_list": "List", "choice.queue_pipe": "Program",
  "choice.relay_refused": "strangers may not relay", "choice.relay_allowed": "relaying is allowed", "choice.local": "local",
  "cause.answered": "answered", "cause.no_answer": "not answered", "cause.busy": "busy", "cause.cancelled": "given up", "cause.rejected": "refused", "cause.not_found": "unknown number", "cause.unavailable": "not reachable", "cause.server_restart": "server restarted",
  "step.own_name": "A name of this server", "step.record": "A line of the table", "step.object": "A local object", "step.alias": "Another name of an account", "step.unknown_setting": "Nobody here", "step.remote": "Another server", "step.app": "An application", "step.telnum": "A telephone number", "step.suffix": "Domain completed", "step.qualify": "Main domain added", "step.domain_alias": "Another name of a domain", "step.normalise": "Spelling", "step.loop": "A loop",
};
