//! Steps about mail: mailboxes and messages, the queue, traces, messages to be sent.

use serde_json::json;

use super::{PASSWORD, Step};

/// Mailboxes and the messages in them, those of the administrator himself.
pub(super) fn mailboxes(steps: &mut Vec<Step>) {
    let raw = "From: A <a@x.example>\r\nTo: b@y.example\r\nSubject: Hello\r\nDate: Thu, 1 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n\r\nBody text\r\n";
    let mut step = |id, input| steps.push((id, input, None, None));
    step("listMailboxes", json!({"account": "me"}));
    step("createMailbox", json!({"account": "me", "name": "Work/2026"}));
    step("createMailbox", json!({"account": "me", "name": "INBOX"}));
    step("getMailbox", json!({"account": "me", "mailbox": "path:INBOX"}));
    step("updateMailbox", json!({"account": "me", "mailbox": "path:Work", "subscribed": false}));
    steps.push(("importMessage", json!({"account": "me", "mailbox": "path:INBOX", "raw": raw}), Some(("$message", "/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("listMessages", json!({"account": "me", "limit": 5}));
    step("listMessages", json!({"account": "me", "mailbox": "path:INBOX", "position": 0, "limit": 1}));
    step("listMessages", json!({"account": "me", "position": -1}));
    step("listMessages", json!({"account": "me", "mailbox": "path:INBOX", "collapse": "thread", "count": "exact"}));
    step("listMessages", json!({"account": "me", "count": "some"}));
    step("searchMessages", json!({"account": "me", "text": "body", "has_attachment": false}));
    step("getMessage", json!({"account": "me", "id": "$message"}));
    step("getMessage", json!({"account": "$anna", "id": "$message"}));
    step("getHeaders", json!({"account": "me", "id": "$message"}));
    step("getRaw", json!({"account": "me", "id": "$message"}));
    step("getPart", json!({"account": "me", "id": "$message", "part": "1"}));
    step("getPart", json!({"account": "me", "id": "$message", "part": "7"}));
    submissions(steps);
    traces(steps);
    let mut step = |id, input| steps.push((id, input, None, None));
    step("updateMessage", json!({"account": "me", "id": "$message", "keywords": {"$seen": true}}));
    step("bulkMessages", json!({"account": "me", "ids": ["$message"], "keywords": {"$flagged": true}, "mailbox_ids": ["path:INBOX"]}));
    step("bulkMessages", json!({"account": "me", "ids": []}));
    step("bulkMessages", json!({"account": "me", "filter": {"mailbox": "path:INBOX"}, "keywords": {"$seen": false}}));
    step("deleteMessage", json!({"account": "me", "id": "$message"}));
    step("bulkMessages", json!({"account": "me", "ids": ["$message"], "delete": "permanent"}));
    step("deleteMailbox", json!({"account": "me", "mailbox": "path:Work"}));
    step("deleteMailbox", json!({"account": "me", "mailbox": "path:Work/2026"}));
}

/// Mail in transit: nothing leaves, for nobody sends.
pub(super) fn queue(steps: &mut Vec<Step>) {
    let mut step = |id, input| steps.push((id, input, None, None));
    let raw = "From: A <a@x.example>\r\nTo: b@far.example\r\nSubject: Hello\r\nMessage-ID: <2@x.example>\r\n\r\nBody text\r\n";
    let far = json!({"module": "smtp", "name": "far.example"});
    step("updateModule", json!({"module": "smtp_out", "set": {"enabled": false}}));
    step("submitRawMessage", json!({"from": "a@x.example", "to": ["nobody@main.example"], "raw": raw}));
    step("submitRawMessage", json!({"from": "a@x.example", "to": [], "raw": raw}));
    for number in ["$first", "$second", "$third"] {
        steps.push(("submitRawMessage", json!({"from": "a@x.example", "to": ["b@far.example", "c@other.example"], "raw": raw}), Some((number, "/number")), None));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getQueueSummary", json!({}));
    step("listQueues", json!({"limit": 1}));
    step("listQueues", json!({"module": "smtp", "state": "waiting"}));
    step("getQueue", far.clone());
    step("getQueue", json!({"module": "smtp", "name": "nowhere.example"}));
    step("holdQueue", far.clone());
    step("holdQueue", json!({"module": "fax", "name": "far.example"}));
    step("getQueue", far.clone());
    step("unholdQueue", far.clone());
    step("unholdQueue", far.clone());
    step("releaseQueue", far.clone());
    step("rerouteQueue", far);
    step("listTransitMessages", json!({"limit": 2}));
    step("listTransitMessages", json!({"recipient": "Other", "limit": 5}));
    step("getTransitMessage", json!({"number": "$first"}));
    step("getTransitMessage", json!({"number": 999_999}));
    step("holdMessage", json!({"number": "$first", "recipient": "b@far.example"}));
    step("holdMessage", json!({"number": "$first", "recipient": "b@far.example"}));
    step("holdMessage", json!({"number": "$first", "recipient": "x@far.example"}));
    step("unholdMessage", json!({"number": "$first"}));
    step("unholdMessage", json!({"number": "$first"}));
    step("releaseMessage", json!({"number": "$first"}));
    step("redirectMessage", json!({"number": "$first", "recipient": "b@far.example", "to": ["d@third.example"]}));
    step("redirectMessage", json!({"number": "$first", "to": ["nobody@main.example"]}));
    step("redirectMessage", json!({"number": "$first", "to": []}));
    step("rerouteMessage", json!({"number": "$first"}));
    // Held, so that the reports to the senders stay where they are.
    step("holdQueue", json!({"module": "local", "name": "c@other.example"}));
    step("holdQueue", json!({"module": "local", "name": "b@far.example"}));
    step("rejectMessage", json!({"number": "$second", "recipient": "c@other.example", "text": "no thanks"}));
    step("getTransitMessage", json!({"number": "$second"}));
    step("rejectQueue", json!({"module": "smtp", "name": "far.example"}));
    step("rejectByFilter", json!({}));
    step("rejectByFilter", json!({"sender": "nobody@x.example"}));
    step("downloadTransitMessage", json!({"number": "$third"}));
    // Reading other people's mail needs a right that no administrator has by himself.
    step("createAccount", json!({"domain": "main.example", "name": "reader", "password": PASSWORD}));
    step("replaceRights", json!({"account": "reader@main.example", "server": ["mailbox_read_all"]}));
    steps.push(("login", json!({"login": "reader@main.example", "password": PASSWORD}), Some(("$token", "/access_token")), None));
    steps.push(("downloadTransitMessage", json!({"number": "$third"}), None, None));
    steps.push(("login", json!({"login": "postmaster", "password": PASSWORD}), Some(("$token", "/access_token")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("deleteTransitMessage", json!({"number": "$third"}));
    step("deleteTransitMessage", json!({"number": "$third"}));
}

/// What happened to messages; each side is asked for its own.
pub(super) fn traces(steps: &mut Vec<Step>) {
    steps.push(("sendMessage", json!({"account": "me", "to": [{"name": "", "email": "postmaster@main.example"}], "subject": "Traced"}), Some(("$mid", "/message_id")), None));
    steps.push(("searchMailTrace", json!({"message_id": "$mid"}), Some(("$trace", "/data/0/trace_id")), None));
    steps.push(("searchMailTrace", json!({"recipient": "nobody@main.example", "limit": 5}), None, None));
    steps.push(("searchMailTrace", json!({"number": "x"}), None, None));
    steps.push(("getMailTrace", json!({"trace_id": "$trace"}), None, None));
    steps.push(("getMailTrace", json!({"trace_id": "00000000-0000-0000-0000-000000000000"}), None, None));
}

/// Messages sent, kept for a while and called back.
pub(super) fn submissions(steps: &mut Vec<Step>) {
    steps.push(("createUpload", json!({"account": "me", "content": "a,b", "type": "text/csv"}), Some(("$blob", "/blob_id")), None));
    steps.push(("downloadBlob", json!({"account": "me", "blob": "$blob"}), None, None));
    steps.push(("downloadBlob", json!({"account": "me", "blob": "00000000-0000-0000-0000-000000000000"}), None, None));
    let to = json!([{"name": "", "email": "postmaster@main.example"}]);
    let file = json!([{"blob_id": "$blob", "name": "table.csv"}]);
    steps.push(("sendMessage", json!({"account": "me", "to": to, "subject": "Hello", "text": "Hi", "attachments": file, "undo_seconds": 100}), Some(("$sending", "/id")), None));
    steps.push(("getSubmission", json!({"account": "me", "id": "$sending"}), None, None));
    steps.push(("cancelSubmission", json!({"account": "me", "id": "$sending"}), None, None));
    steps.push(("cancelSubmission", json!({"account": "me", "id": "$sending"}), None, None));
    steps.push(("sendMessage", json!({"account": "me", "to": [{"name": "", "email": "nobody@main.example"}]}), None, None));
    steps.push(("createDraft", json!({"account": "me", "to": [{"name": "", "email": "half"}], "text": "Not yet"}), Some(("$draft", "/id")), None));
    steps.push(("replaceDraft", json!({"account": "me", "id": "$draft", "subject": "Now"}), None, None));
    steps.push(("replaceDraft", json!({"account": "me", "id": "$draft"}), None, None));
    steps.push(("sendMessage", json!({"account": "me", "undo_seconds": 500}), None, None));
    steps.push(("listSubmissions", json!({"account": "me", "limit": 1}), None, None));
}
