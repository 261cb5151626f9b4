//! Actions: where a call goes, how it is refused, and what is done beside it.

use model::rule::RuleAction;

use crate::address::one;
use crate::condition::{dataset_name, words};
use crate::set::Level;

/// Most addresses that one action names.
const GOALS: usize = 20;

words! {
    /// What an action does.
    Verb {
        /// The call goes there instead.
        RedirectTo "redirect_to" "Redirect To",
        /// It goes there too.
        ForkTo "fork_to" "Fork to",
        /// It is refused.
        RejectWith "reject_with" "Reject with",
        /// No further rule of this stage is asked.
        StopProcessing "stop_processing" "Stop Processing",
        /// No rule of a later stage is asked.
        DiscardRules "discard_rules" "Discard Rules",
        /// The caller is added to a dataset.
        RememberFromIn "remember_from_in" "Remember 'From' in",
        /// An instant message is sent.
        SendIm "send_im" "SendIM",
        /// A web server is asked.
        SendUrl "send_url" "SendURL",
        /// A line is written to the log.
        WriteToLog "write_to_log" "Write To Log",
    }
}

/// An action, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The call goes there instead.
    Redirect(Vec<Goal>),
    /// It goes there too.
    Fork(Vec<Goal>),
    /// It is refused with a status and, when said, a text.
    Reject(u16, String),
    /// No further rule of this stage is asked.
    Stop,
    /// No rule of a later stage is asked.
    Discard,
    /// The caller is added to this dataset.
    Remember(String),
    /// This text is sent to this address.
    SendIm(String, String),
    /// This URL is asked for, by POST or else GET.
    SendUrl(bool, String),
    /// This is written to the log.
    Log(String),
}

/// Where an action sends a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// The telephones of the account.
    Devices,
    /// An address, a name or number of the own domain, or a URI.
    Address(String),
    /// An application with its parameters, and the account it acts for; the called one when empty.
    Application(String, String),
}

impl Goal {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self::Devices);
        }
        // `app{params}#account` (CGP): the last `#` that is not in the parameters.
        let outside = text.rfind('}').map_or(0, |at| at + 1);
        if let Some((mark, before)) = text.get(outside..)?.rfind('#').and_then(|at| Some((outside + at, text.get(..outside + at)?)))
            && !text.contains(':')
        {
            let account = text.get(mark + 1..)?.trim();
            // `#app` alone acts for the called account.
            let (application, account) = if before.is_empty() { (account, "") } else { (before.trim(), account) };
            let name = application.split('{').next()?;
            let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && (!application.contains('{') || application.ends_with('}'));
            return fits.then(|| Self::Application(application.to_owned(), account.to_owned()));
        }
        let address = one(text, "x")?;
        let (local, domain) = address.rsplit_once('@')?;
        let fits = !local.is_empty() && !domain.is_empty() && !address.chars().any(|c| c.is_control() || c == ' ');
        fits.then(|| Self::Address(text.to_owned()))
    }

    /// The goals in a text, parted by commas outside braces.
    ///
    /// # Errors
    /// Why it holds none, too many, or one that is no address.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let (mut items, mut item, mut depth) = (Vec::new(), String::new(), 0_usize);
        for c in text.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    items.push(std::mem::take(&mut item));
                    continue;
                }
                _ => {}
            }
            item.push(c);
        }
        items.push(item);
        let goals: Result<Vec<Self>, String> = items.iter().filter(|item| !item.trim().is_empty()).map(|item| Self::parse(item).ok_or_else(|| format!("{:?} is no address", item.trim()))).collect();
        match goals? {
            goals if goals.is_empty() => Err("must name an address".to_owned()),
            goals if goals.len() > GOALS => Err(format!("must name at most {GOALS} addresses")),
            goals => Ok(goals),
        }
    }

    /// What the Router is asked for, when the account `name@domain` is called; `*` for its telephones.
    pub fn address(&self, account: &str) -> String {
        let domain = account.rsplit_once('@').map_or("", |(_, domain)| domain);
        match self {
            Self::Devices => "*".to_owned(),
            Self::Address(text) => one(text, domain).unwrap_or_default(),
            Self::Application(application, of) if of.is_empty() => format!("{application}#{account}"),
            Self::Application(application, of) if of.contains('@') => format!("{application}#{of}"),
            Self::Application(application, of) => format!("{application}#{of}@{domain}"),
        }
    }
}

impl Action {
    /// Checks an action of a rule of this level.
    ///
    /// # Errors
    /// The field at fault: `verb` or `arg`, and why.
    pub fn parse(given: &RuleAction, level: Level) -> Result<Self, (&'static str, String)> {
        let verb = Verb::find(&given.verb).ok_or_else(|| ("verb", format!("{:?} is nothing that can be done", given.verb)))?;
        let arg = given.arg.trim();
        let wrong = |why: &str| ("arg", why.to_owned());
        let none = |action| if arg.is_empty() { Ok(action) } else { Err(wrong("must be empty")) };
        if level == Level::Server && matches!(verb, Verb::RememberFromIn | Verb::SendIm) {
            return Err(("verb", format!("{} is for rules of domains and accounts", verb.word())));
        }
        match verb {
            Verb::RedirectTo => Goal::list(arg).map(Self::Redirect).map_err(|why| ("arg", why)),
            Verb::ForkTo => Goal::list(arg).map(Self::Fork).map_err(|why| ("arg", why)),
            Verb::RejectWith => reject(arg).ok_or_else(|| wrong("must be a text, after a status from 400 to 699 when one is meant")),
            Verb::StopProcessing => none(Self::Stop),
            Verb::DiscardRules => none(Self::Discard),
            Verb::RememberFromIn => dataset_name(arg.strip_prefix('#').unwrap_or(arg)).map(Self::Remember).map_err(|why| ("arg", why)),
            Verb::SendIm => {
                let (to, text) = arg.split_once(char::is_whitespace).unwrap_or((arg, ""));
                match Goal::parse(to) {
                    Some(Goal::Address(to)) if !text.trim().is_empty() => Ok(Self::SendIm(to, text.trim().to_owned())),
                    _ => Err(wrong("must be an address, and a text after a blank")),
                }
            }
            Verb::SendUrl => url(arg).ok_or_else(|| wrong("must be a URL of http or https without blanks, after [POST] when it is to be posted to, with macros after the host alone")),
            Verb::WriteToLog => if arg.is_empty() { Err(wrong("must say something")) } else { Ok(Self::Log(arg.to_owned())) },
        }
    }
}

fn url(arg: &str) -> Option<Action> {
    let (post, url) = arg.strip_prefix("[POST]").map_or((false, arg), |url| (true, url.trim_start()));
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?.split(['/', '?', '#']).next()?;
    // Whom to ask is not for the caller to say.
    let fits = !host.is_empty() && !host.contains(['^', '@', '\\']) && url.len() <= 2000 && url.bytes().all(|octet| octet.is_ascii_graphic());
    fits.then(|| Action::SendUrl(post, url.to_owned()))
}

fn reject(arg: &str) -> Option<Action> {
    if arg.chars().count() > 200 || arg.chars().any(char::is_control) {
        return None;
    }
    let (first, text) = arg.split_once(' ').unwrap_or((arg, ""));
    match first.parse::<u16>() {
        Ok(status @ 400..=699) if first.len() == 3 => Some(Action::Reject(status, text.trim().to_owned())),
        Ok(_) if first.len() == 3 => None,
        _ => Some(Action::Reject(603, arg.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_addresses_of_many_forms() {
        let goals = |text: &str| Goal::list(text).map(|goals| goals.iter().map(|goal| goal.address("bob@a.example")).collect::<Vec<_>>().join(" "));
        for (text, wanted) in [
            ("102", "102@a.example"), ("carol, dora@b.example", "carol@a.example dora@b.example"), ("*,102", "* 102@a.example"), ("sip:eve@c.example:5070", "eve@c.example"),
            ("+49 170 123", "+49170123@a.example"), ("#voicemail", "voicemail#bob@a.example"), ("play{a,b}#carol", "play{a,b}#carol@a.example"), ("x{#}#pbx@a.example", "x{#}#pbx@a.example"),
        ] {
            assert_eq!(goals(text).as_deref(), Ok(wanted), "{text}");
        }
        for wrong in ["", " , ", "#", "a b", "@", "x@", "sip:", "{#x", &["1"; 21].join(",")] {
            assert!(goals(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn actions_are_checked() {
        let parse = |verb: &str, arg: &str| Action::parse(&RuleAction { verb: verb.to_owned(), arg: arg.to_owned() }, Level::Account);
        assert_eq!(parse("reject_with", "486 Busy"), Ok(Action::Reject(486, "Busy".to_owned())));
        assert_eq!(parse("reject_with", "go away"), Ok(Action::Reject(603, "go away".to_owned())));
        assert_eq!(parse("reject_with", "433"), Ok(Action::Reject(433, String::new())));
        assert_eq!(parse("send_im", "carol somebody calls"), Ok(Action::SendIm("carol".to_owned(), "somebody calls".to_owned())));
        assert_eq!(parse("send_url", "https://x.example/?a=^E"), Ok(Action::SendUrl(false, "https://x.example/?a=^E".to_owned())));
        assert_eq!(parse("send_url", "[POST] http://x.example"), Ok(Action::SendUrl(true, "http://x.example".to_owned())));
        for wrong in ["", "x.example", "ftp://x.example", "https://", "https:///a", "https://^E/", "https://a@b/", "https://x/a b", "https://x/ä", "[POST]"] {
            assert_eq!(parse("send_url", wrong).unwrap_err().0, "arg", "{wrong}");
        }
        assert_eq!(parse("remember_from_in", "#Callers"), Ok(Action::Remember("callers".to_owned())));
        for (verb, arg, at) in [
            ("explode", "", "verb"), ("reject_with", "200 OK", "arg"), ("reject_with", "a\rb", "arg"), ("stop_processing", "now", "arg"), ("redirect_to", "", "arg"),
            ("send_im", "carol", "arg"), ("remember_from_in", "", "arg"), ("write_to_log", " ", "arg"),
        ] {
            assert_eq!(parse(verb, arg).unwrap_err().0, at, "{verb} {arg}");
        }
        let im = RuleAction { verb: "send_im".to_owned(), arg: "carol hello".to_owned() };
        assert_eq!(Action::parse(&im, Level::Server).unwrap_err().0, "verb");
    }
}
