//! What is wrong or doubtful in rules, before they are saved.

use std::collections::{BTreeSet, HashMap};

use model::account::RulesAllowed;
use model::rule::{NewSignalRule, ReplaceAccountRules, ReplaceDomainRules, ReplaceServerRules, RuleFinding, SignalRulesReviewed};
use rules::{Level, review, targets};
use store::rule::RuleOwner;
use uuid::Uuid;

use super::{Owner, made, refuse_faults};
use crate::operation::{Call, Done};
use crate::{Destination, Result, Service, Signalled};

/// Most addresses that are looked up.
const LOOKED_UP: usize = 100;

impl Service {
    /// Names what is wrong or doubtful in rules of the server.
    pub(crate) async fn validate_server_signal_rules(self, call: Call, input: ReplaceServerRules) -> Result<Done<SignalRulesReviewed>> {
        self.review_rules(&self.rules_of_server(&call, false)?, input.rules).await
    }

    /// Names what is wrong or doubtful in rules of a domain.
    pub(crate) async fn validate_domain_signal_rules(self, call: Call, input: ReplaceDomainRules) -> Result<Done<SignalRulesReviewed>> {
        self.review_rules(&self.rules_of_domain(&call, &input.domain, false).await?, input.rules).await
    }

    /// Names what is wrong or doubtful in rules of an account.
    pub(crate) async fn validate_account_signal_rules(self, call: Call, input: ReplaceAccountRules) -> Result<Done<SignalRulesReviewed>> {
        self.review_rules(&self.rules_of_account(&call, &input.account, false).await?, input.rules).await
    }

    async fn review_rules(&self, owner: &Owner, given: Vec<NewSignalRule>) -> Result<Done<SignalRulesReviewed>> {
        let given: Vec<_> = given.into_iter().map(|rule| made(rule, Uuid::nil(), 1)).collect();
        let set = match refuse_faults(&given, owner.level(), None) {
            Ok(set) => set,
            Err(error) => {
                let errors = error.fields.into_iter().map(|field| RuleFinding { pointer: field.pointer, detail: field.detail }).collect();
                return Ok(SignalRulesReviewed { errors, warnings: Vec::new() }.into());
            }
        };
        let mut warnings: Vec<RuleFinding> = review(&given, owner.level()).into_iter().map(|fault| RuleFinding { pointer: format!("/rules{}", fault.pointer), detail: fault.reason }).collect();
        let subscriber = match owner.owner {
            RuleOwner::Account(account) => self.subscriber(account).await?,
            RuleOwner::Server | RuleOwner::Domain(_) => None,
        };
        // Names without a domain are of the account's, the domain's or the main domain.
        let account = match &subscriber {
            Some(subscriber) => subscriber.address.to_string(),
            None if owner.level() == Level::Domain => format!("pbx@{}", owner.name),
            None => self.pbx_account().await?,
        };
        let mut known: HashMap<String, Option<String>> = HashMap::new();
        for (pointer, target) in targets(&given, owner.level(), &account).into_iter().take(LOOKED_UP) {
            if !known.contains_key(&target) {
                let found = self.would_route(&target, subscriber.as_ref()).await;
                known.insert(target.clone(), doubt(&found, subscriber.as_ref().map(|subscriber| subscriber.account_id)));
            }
            if let Some(Some(why)) = known.get(&target) {
                warnings.push(RuleFinding { pointer: format!("/rules{pointer}"), detail: format!("{target} {why}") });
            }
        }
        if let Some(subscriber) = &subscriber {
            let wanted: BTreeSet<String> = set.datasets().into_iter().map(str::to_owned).collect();
            let there = self.datasets_of(subscriber.account_id, &wanted.iter().cloned().collect::<Vec<_>>()).await?;
            warnings.extend(wanted.into_iter().filter(|name| !there.contains_key(name)).map(|name| RuleFinding { pointer: "/rules".to_owned(), detail: format!("there is no dataset {name} yet; it counts as empty") }));
            if subscriber.settings.signal_rules_allowed == RulesAllowed::No {
                warnings.push(RuleFinding { pointer: "/rules".to_owned(), detail: "no rule of this account acts: signal_rules_allowed is no".to_owned() });
            }
        }
        Ok(SignalRulesReviewed { errors: Vec::new(), warnings }.into())
    }
}

/// What is doubtful about where an address leads.
fn doubt(found: &Signalled, account: Option<Uuid>) -> Option<String> {
    match found.destinations.as_slice() {
        [Destination::Account(same)] if Some(same.account_id) == account => Some("is the account itself; its telephones are *".to_owned()),
        [Destination::Refused { status, reason }] => Some(format!("leads nowhere: {status} {reason}")),
        [] | [Destination::Blackhole] => Some("leads nowhere".to_owned()),
        _ => None,
    }
}
