//! Messages that wait: `application/simple-message-summary` (RFC 3842 §5.2).

/// How many messages of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not heard yet.
    pub new: u32,
    /// Heard.
    pub old: u32,
    /// Those of the new ones that are urgent.
    pub urgent_new: u32,
    /// Those of the old ones that are urgent.
    pub urgent_old: u32,
}

/// Writes the body; `account` is the URI to call to hear them.
pub fn write(account: &str, voice: Counts) -> String {
    let waiting = if voice.new > 0 { "yes" } else { "no" };
    let account: String = account.chars().filter(|c| !c.is_control()).collect();
    let Counts {
        new,
        old,
        urgent_new,
        urgent_old,
    } = voice;
    format!(
        "Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\n\
         Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n"
    )
}
