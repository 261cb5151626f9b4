//! Rules for signals: what is done with a call or message, and when.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A rule for calls and other signals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignalRule {
    /// Id.
    pub id: Uuid,
    /// Name, once in its set.
    pub name: String,
    /// When it is asked: 0 = at once, 1 to 600 = after so many seconds without a final answer, 995 = nobody answers, 997 = busy,
    /// 999 = another failure.
    pub stage: i32,
    /// 1 to 10, the highest first; 0 = never.
    pub priority: i32,
    /// Whether it acts; off, it keeps its priority.
    pub enabled: bool,
    /// All of them must be met. A rule that does not look at the method means calls and messages.
    pub conditions: Vec<RuleCondition>,
    /// What is done then, in this order.
    pub actions: Vec<RuleAction>,
    /// A remark.
    pub comment: String,
    /// Version of the rule, its ETag.
    pub version: i64,
}

/// A condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleCondition {
    /// What is looked at: `method`, `request_uri`, `call_type`, `reg_clients`, `req_field`, `agent_type`, `from`, `to`, `from_name`,
    /// `authenticated`, `submit_address`, `presence`, `time_of_day`, `current_date`, `current_day`.
    pub field: String,
    /// How: `is`, `is_not`, `in`, `not_in`, `contains`, `not_contains`, `less_than`, `greater_than`.
    pub op: String,
    /// With what: a picture in which `*` stands for anything, a list of them parted by commas, `#` and the name of a dataset, a
    /// number, a time or a date.
    #[serde(default)]
    pub arg: String,
}

/// An action of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleAction {
    /// `redirect_to`, `fork_to`, `reject_with`, `stop_processing`, `discard_rules`, `remember_from_in`, `send_im`,
    /// `send_url` or `write_to_log`.
    pub verb: String,
    /// Addresses parted by commas, a status and a text, the name of a dataset, an address and a text, a URL after `[POST]` when
    /// it is posted to, or a text. In texts and URLs `^E` is the address of the caller, `^N` the name, `^F` both, `^R` who was
    /// called, `^A` the account, `^S` the subject, `^I` the Call-ID, `^H{Name}` a field of the request.
    #[serde(default)]
    pub arg: String,
}

/// The rules of the server, a domain or an account, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignalRules {
    /// The rules.
    pub data: Vec<SignalRule>,
    /// Version of the whole set, its ETag.
    pub version: i64,
}

/// A rule as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignalRule {
    /// Name, once in its set.
    pub name: String,
    /// When it is asked; at once when absent.
    #[serde(default)]
    pub stage: i32,
    /// 0 to 10; 5 when absent.
    pub priority: Option<i32>,
    /// Whether it acts; true when absent.
    pub enabled: Option<bool>,
    /// All of them must be met; none = always.
    #[serde(default)]
    pub conditions: Vec<RuleCondition>,
    /// What is done then.
    #[serde(default)]
    pub actions: Vec<RuleAction>,
    /// A remark.
    #[serde(default)]
    pub comment: String,
}

/// What changes in a rule; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalRulePatch {
    /// Its name.
    pub name: Option<String>,
    /// When it is asked.
    pub stage: Option<i32>,
    /// Its priority.
    pub priority: Option<i32>,
    /// Whether it acts.
    pub enabled: Option<bool>,
    /// All of its conditions.
    pub conditions: Option<Vec<RuleCondition>>,
    /// All of its actions.
    pub actions: Option<Vec<RuleAction>>,
    /// A remark.
    pub comment: Option<String>,
}

/// The inputs about rules of one owner; the server has none to name.
macro_rules! inputs {
    ($set:ident $one:ident $create:ident $replace:ident $update:ident $reorder:ident $of:literal $($owner:ident: $doc:literal)?) => {
        #[doc = concat!("Names the rules of ", $of, ".")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $set { $(#[doc = $doc] pub $owner: String,)? }

        #[doc = concat!("Names a rule of ", $of, ".")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $one {
            $(#[doc = $doc] pub $owner: String,)?
            /// The rule: id or name.
            pub rule: String,
        }

        #[doc = concat!("Makes a rule of ", $of, ".")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $create {
            $(#[doc = $doc] pub $owner: String,)?
            /// Name, once in its set.
            pub name: String,
            /// When it is asked; at once when absent.
            #[serde(default)]
            pub stage: i32,
            /// 0 to 10; 5 when absent.
            pub priority: Option<i32>,
            /// Whether it acts; true when absent.
            pub enabled: Option<bool>,
            /// All of them must be met; none = always.
            #[serde(default)]
            pub conditions: Vec<RuleCondition>,
            /// What is done then.
            #[serde(default)]
            pub actions: Vec<RuleAction>,
            /// A remark.
            #[serde(default)]
            pub comment: String,
            /// Its place in the set, counted from 1; the last when absent.
            pub position: Option<u32>,
        }

        impl $create {
            /// The rule in it, and its place.
            pub fn rule(self) -> (NewSignalRule, Option<u32>) {
                let Self { name, stage, priority, enabled, conditions, actions, comment, position, .. } = self;
                (NewSignalRule { name, stage, priority, enabled, conditions, actions, comment }, position)
            }
        }

        #[doc = concat!("Replaces all rules of ", $of, ".")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $replace {
            $(#[doc = $doc] pub $owner: String,)?
            /// All rules, in their order; one whose name was there keeps its id.
            pub rules: Vec<NewSignalRule>,
        }

        #[doc = concat!("Changes a rule of ", $of, ".")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $update {
            $(#[doc = $doc] pub $owner: String,)?
            /// The rule: id or name.
            pub rule: String,
            /// Its new name.
            pub name: Option<String>,
            /// When it is asked.
            pub stage: Option<i32>,
            /// Its priority.
            pub priority: Option<i32>,
            /// Whether it acts.
            pub enabled: Option<bool>,
            /// All of its conditions.
            pub conditions: Option<Vec<RuleCondition>>,
            /// All of its actions.
            pub actions: Option<Vec<RuleAction>>,
            /// A remark.
            pub comment: Option<String>,
        }

        impl $update {
            /// What changes.
            pub fn patch(self) -> SignalRulePatch {
                let Self { name, stage, priority, enabled, conditions, actions, comment, .. } = self;
                SignalRulePatch { name, stage, priority, enabled, conditions, actions, comment }
            }
        }

        #[doc = concat!("Puts the rules of ", $of, " in another order.")]
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $reorder {
            $(#[doc = $doc] pub $owner: String,)?
            /// Every rule once, by id or name, in the new order.
            pub rules: Vec<String>,
        }
    };
}

inputs!(ServerRules ServerRuleRef CreateServerRule ReplaceServerRules UpdateServerRule ReorderServerRules "the server");
inputs!(DomainRules DomainRuleRef CreateDomainRule ReplaceDomainRules UpdateDomainRule ReorderDomainRules "a domain" domain: "The domain: id or name.");
inputs!(AccountRules AccountRuleRef CreateAccountRule ReplaceAccountRules UpdateAccountRule ReorderAccountRules "an account" account: "The account: id, address, name in the main domain, or `me`.");

/// What is wrong or doubtful in rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignalRulesReviewed {
    /// Why they would be refused; none when they can be saved.
    pub errors: Vec<RuleFinding>,
    /// What is doubtful: what is never asked or done, addresses that lead nowhere, datasets that are not there.
    pub warnings: Vec<RuleFinding>,
}

/// Something about a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleFinding {
    /// JSON pointer into the input.
    pub pointer: String,
    /// For people.
    pub detail: String,
}

/// Asks what the rules and settings of an account would make of a call. Nothing is changed, and nobody is called.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestSignalRules {
    /// The account that is called: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Who calls: an address or number; empty = somebody who does not say who he is.
    #[serde(default)]
    pub from: String,
    /// The name the caller shows.
    #[serde(default)]
    pub from_name: String,
    /// Whether the caller proved to be the account of that address; true when absent and there is one.
    pub authenticated: Option<bool>,
    /// The address that is called; the account's own when absent.
    pub to: Option<String>,
    /// `INVITE` when absent; of other signals only what happens at once is asked.
    pub method: Option<String>,
    /// The program that calls, as its `User-Agent` field says.
    #[serde(default)]
    pub user_agent: String,
    /// Other fields of the request, `Name: value`.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The moment of the call by the clock of the server's time zone, `2026-06-18T10:30`; now when absent.
    pub time: Option<String>,
    /// What the telephones of the account do; those that are registered ring without an answer when absent.
    pub devices_state: Option<Vec<DeviceState>>,
    /// Whether the account is in another call.
    #[serde(default)]
    pub in_call: bool,
    /// How the account can be reached, such as `online` or `away`; as it is now when absent.
    pub presence: Option<String>,
    /// Rules to try instead of those the account has.
    pub rules: Option<Vec<NewSignalRule>>,
}

/// What a telephone does when it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceState {
    /// The status it answers with, 200 to 699; absent, it rings for ever.
    pub status: Option<i32>,
    /// Seconds until then.
    #[serde(default)]
    pub after: i32,
}

/// What would happen to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignalRulesTested {
    /// What is done, in the order of time.
    pub timeline: Vec<TimelineStep>,
    /// What the caller hears in the end, when nobody who is called elsewhere answers.
    pub status: i32,
    /// Its text, when a rule says one.
    pub reason: Option<String>,
}

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineStep {
    /// Seconds since the call came.
    pub t: i32,
    /// Stage in which it is done.
    pub stage: i32,
    /// Whose rule it is: `server`, `domain`, `account`; or `settings` of the account, or `telephones`.
    pub by: String,
    /// Name of the rule or setting.
    pub rule: String,
    /// What is done.
    pub action: String,
    /// Where the call goes.
    pub targets: Vec<String>,
    /// The same as live calls show it in their ladders.
    pub note: String,
}
