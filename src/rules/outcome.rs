//! What a stage of a call came to.

use crate::set::stage;

/// Whose doing a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A rule of the server.
    Server,
    /// A rule of the domain.
    Domain,
    /// A rule of the account.
    Account,
    /// A setting of the account.
    Settings,
}

impl By {
    /// As the API says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Domain => "domain",
            Self::Account => "account",
            Self::Settings => "settings",
        }
    }
}

/// One thing that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In which stage.
    pub stage: u16,
    /// Whose doing it is.
    pub by: By,
    /// Name of the rule or setting.
    pub rule: String,
    /// What is done.
    pub action: String,
    /// Where the call goes.
    pub targets: Vec<String>,
}

impl Step {
    /// For who reads the ladder of a call for this account.
    pub fn note(&self, account: &str) -> String {
        let Self { stage, by, rule, action, targets } = self;
        let to = if targets.is_empty() { String::new() } else { format!(" to {}", targets.join(", ")) };
        match by {
            By::Settings => format!("{account} {action}{to}"),
            by => format!("{account}: rule {rule} of the {}, stage {stage}: {action}{to}", by.word()),
        }
    }
}

/// Why a call goes to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// All calls do.
    Always,
    /// The account is busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// No telephone can be reached.
    Unreachable,
    /// It failed otherwise.
    Error,
    /// They ring too.
    Together,
    /// They are called one after the other.
    FindMe,
    /// A rule of this stage wants it.
    Rule(u16),
}

impl Why {
    /// For who reads the ladder.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Always => "diverts all calls",
            Self::Busy => "is busy and diverts",
            Self::NoAnswer => "does not answer and diverts",
            Self::Unreachable => "cannot be reached and diverts",
            Self::Error => "fails and diverts",
            Self::Together => "also rings",
            Self::FindMe => "is looked for",
            Self::Rule(_) => "follows a rule",
        }
    }

    /// The setting that wants it.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::Always => "divert_always",
            Self::Busy => "divert_busy",
            Self::NoAnswer => "divert_no_answer",
            Self::Unreachable => "divert_unregistered",
            Self::Error => "divert_error",
            Self::Together => "simultaneous_ring",
            Self::FindMe => "find_me",
            Self::Rule(_) => "",
        }
    }

    /// The reason in a Diversion field (RFC 5806 §8.1).
    pub fn reason(self) -> &'static str {
        match self {
            Self::Always | Self::Rule(stage::NOW) => "unconditional",
            Self::Busy | Self::Rule(stage::BUSY) => "user-busy",
            Self::Unreachable => "unavailable",
            Self::Error | Self::Rule(stage::ERROR) => "out-of-service",
            Self::Together | Self::FindMe => "follow-me",
            Self::NoAnswer | Self::Rule(_) => "no-answer",
        }
    }
}

/// Where a call goes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// Why.
    pub why: Why,
    /// What the Router is asked for; `*` means the telephones of the account.
    pub targets: Vec<String>,
}

/// Something that is done beside the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// This address is added to this dataset of the account.
    Remember(String, String),
    /// The account sends this text to this address.
    SendIm(String, String),
    /// This URL is asked for, by POST or else GET.
    SendUrl(bool, String),
    /// This is written to the log.
    Log(String),
}

/// What a stage came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was decided, in its order.
    pub steps: Vec<Step>,
    /// The call goes there instead: whoever rings is called off.
    pub redirect: Option<Lead>,
    /// It goes there too.
    pub forks: Vec<Lead>,
    /// It is refused with this status and text; an empty one says nothing beside the status.
    pub refuse: Option<(u16, String)>,
    /// What is done beside it.
    pub effects: Vec<Effect>,
    /// The account is busy.
    pub(crate) busy: bool,
    /// Rules of later stages are not asked.
    pub discard: bool,
}

impl Outcome {
    /// Whether the call goes anywhere, or ends.
    pub fn decides(&self) -> bool {
        self.redirect.is_some() || self.refuse.is_some() || !self.forks.is_empty()
    }

    /// Goes on with what came after it.
    pub(crate) fn then(&mut self, later: Self) {
        self.steps.extend(later.steps);
        self.effects.extend(later.effects);
        self.forks.extend(later.forks);
        self.redirect = later.redirect.or(self.redirect.take());
        self.refuse = later.refuse.or(self.refuse.take());
        self.busy |= later.busy;
        self.discard |= later.discard;
    }
}
