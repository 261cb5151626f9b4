//! From rows of the queue to a transaction.

use serde_json::Value;
use service::queue::Claimed;
use smtp::client::{Extensions, Recipient, Transaction};
use smtp::{Body, MailParameters, Notify, OriginalRecipient, Path, RcptParameters, Ret};

/// The transaction that sends a message to these recipients.
///
/// # Errors
/// The reply to be reported when an address cannot be written.
pub(super) fn transaction(rows: &[Claimed], message: &[u8], extensions: &Extensions) -> Result<Transaction, String> {
    let Some(first) = rows.first() else { return Err("554 5.3.0 no recipients".to_owned()) };
    let path = |address: &str| address.parse::<Path>().map_err(|_| format!("553 5.1.3 {address} address syntax error"));
    let sender = if first.return_path.is_empty() { None } else { Some(path(&first.return_path)?) };
    let word = |name: &str| first.envelope.get(name).and_then(Value::as_str);
    let recipient = |row: &Claimed| Ok(Recipient { path: path(&row.target)?, parameters: parameters(&row.params) });
    let parameters = MailParameters {
        size: u64::try_from(message.len()).ok(),
        // Without the extension the octets go as they are: hardly a server is left that cannot take them.
        body: if extensions.eight_bit && !message.is_ascii() { Body::EightBit } else { Body::SevenBit },
        ret: match word("ret") {
            Some("FULL") => Some(Ret::Full),
            Some(_) => Some(Ret::Headers),
            None => None,
        },
        envelope_id: word("envid").map(str::to_owned),
        auth: None,
        utf8: first.envelope.get("utf8").and_then(Value::as_bool).unwrap_or_default(),
    };
    Ok(Transaction { sender, parameters, recipients: rows.iter().map(recipient).collect::<Result<_, String>>()?, probe: false })
}

fn parameters(params: &Value) -> RcptParameters {
    let word = |name: &str| params.get(name).and_then(Value::as_str);
    let notify = word("notify").map(|text| {
        let has = |kind: &str| text.split(',').any(|word| word.eq_ignore_ascii_case(kind));
        Notify { success: has("SUCCESS"), failure: has("FAILURE"), delay: has("DELAY") }
    });
    let original = word("orcpt").and_then(|text| text.split_once(';')).map(|(kind, address)| OriginalRecipient { kind: kind.to_owned(), address: address.to_owned() });
    RcptParameters { notify, original }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_come_back_as_they_were_given() {
        let read = |params| {
            let read = parameters(&params);
            (read.notify.map(|notify| notify.to_string()), read.original.map(|original| original.to_string()))
        };
        assert_eq!(read(json!({})), (None, None));
        assert_eq!(read(json!({"notify": "NEVER"})).0.as_deref(), Some("NEVER"));
        let both = read(json!({"notify": "SUCCESS,DELAY", "orcpt": "rfc822;a+b@x.example"}));
        assert_eq!((both.0.as_deref(), both.1.as_deref()), (Some("SUCCESS,DELAY"), Some("rfc822;a+2Bb@x.example")));
    }
}
