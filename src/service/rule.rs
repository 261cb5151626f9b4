//! Rules for signals: reading and changing those of the server, of domains and of accounts.

use model::account::{AccountSettings, RulesAllowed};
use model::rule::{
    AccountRuleRef, AccountRules, CreateAccountRule, CreateDomainRule, CreateServerRule, DomainRuleRef, DomainRules, NewSignalRule, ReorderAccountRules, ReorderDomainRules, ReorderServerRules,
    ReplaceAccountRules, ReplaceDomainRules, ReplaceServerRules, ServerRuleRef, ServerRules, SignalRule, SignalRulePatch, SignalRules, UpdateAccountRule, UpdateDomainRule, UpdateServerRule,
};
use model::settings::fold;
use rules::{Fault, Level, compile};
use serde_json::json;
use store::News;
use store::rule::{RuleOwner, RuleSetRow};
use uuid::Uuid;

use crate::operation::{Call, Done};
use crate::server::check_version;
use crate::{Error, Kind, Result, Service, new_id};

pub(crate) mod live;
pub(crate) mod rehearsal;
pub(crate) mod reviewing;

/// Whose rules are read or changed.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    owner: RuleOwner,
    /// For the audit trail.
    name: String,
    account: Option<Uuid>,
    domain: Option<Uuid>,
}

impl Owner {
    fn level(&self) -> Level {
        match self.owner {
            RuleOwner::Server => Level::Server,
            RuleOwner::Domain(_) => Level::Domain,
            RuleOwner::Account(_) => Level::Account,
        }
    }

    fn news(&self) -> (&'static str, &'static str) {
        match self.owner {
            RuleOwner::Server => ("system", "server.updated"),
            RuleOwner::Domain(_) => ("domains", "domain.updated"),
            RuleOwner::Account(_) => ("accounts", "account.updated"),
        }
    }
}

/// A rule as it is kept.
pub(crate) fn made(given: NewSignalRule, id: Uuid, version: i64) -> SignalRule {
    let NewSignalRule { name, stage, priority, enabled, conditions, actions, comment } = given;
    let priority = priority.unwrap_or(5);
    SignalRule { id, name: name.trim().to_owned(), stage, priority, enabled: enabled.unwrap_or(priority != 0), conditions, actions, comment, version }
}

fn patched(mut rule: SignalRule, patch: SignalRulePatch) -> SignalRule {
    let SignalRulePatch { name, stage, priority, enabled, conditions, actions, comment } = patch;
    rule.name = name.map_or(rule.name, |name| name.trim().to_owned());
    rule.stage = stage.unwrap_or(rule.stage);
    if let Some(priority) = priority {
        // A rule that was off by its priority acts with another one.
        rule.enabled = priority != 0 && (rule.enabled || rule.priority == 0);
        rule.priority = priority;
    }
    rule.enabled = enabled.unwrap_or(rule.enabled);
    rule.conditions = conditions.unwrap_or(rule.conditions);
    rule.actions = actions.unwrap_or(rule.actions);
    rule.comment = comment.unwrap_or(rule.comment);
    rule
}

/// The place of a rule: by its id, else by its name.
fn place(set: &[SignalRule], rule: &str) -> Result<usize> {
    let id = rule.parse::<Uuid>().ok();
    let by_id = set.iter().position(|one| Some(one.id) == id);
    by_id.or_else(|| set.iter().position(|one| one.name.to_lowercase() == rule.to_lowercase())).ok_or_else(|| Error::not_found("rule"))
}

/// Refuses rules that cannot be; faults of the rule that was given alone name its fields, others the rule by its place.
pub(crate) fn refuse_faults(set: &[SignalRule], level: Level, only: Option<usize>) -> Result<rules::Set> {
    let off = set.iter().enumerate().find(|(_, rule)| rule.enabled && rule.priority == 0).map(|(n, _)| Fault { pointer: format!("/{n}/enabled"), reason: "needs a priority from 1 to 10".to_owned() });
    let faults = match (compile(set, level), off) {
        (Ok(set), None) => return Ok(set),
        (Ok(_), Some(off)) => vec![off],
        (Err(faults), off) => faults.into_iter().chain(off).collect(),
    };
    let mine = only.map(|place| format!("/{place}/"));
    let detail = faults.first().map(|fault| fault.reason.clone()).unwrap_or_default();
    Err(faults.into_iter().fold(Error::new(Kind::Invalid, "validation_failed", detail), |error, fault| {
        let pointer = match mine.as_ref().and_then(|mine| fault.pointer.strip_prefix(mine.as_str())) {
            Some(field) => format!("/{field}"),
            None => format!("/rules{}", fault.pointer),
        };
        error.at(pointer, "validation_failed", fault.reason)
    }))
}

fn shown(set: RuleSetRow) -> Done<SignalRules> {
    let version = set.version;
    Done::versioned(SignalRules { data: set.rules, version }, version)
}

impl Service {
    fn rules_of_server(&self, call: &Call, changes: bool) -> Result<Owner> {
        if changes {
            call.caller.may_server("settings")?;
        } else {
            call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        }
        Ok(Owner { owner: RuleOwner::Server, name: "server".to_owned(), account: None, domain: None })
    }

    async fn rules_of_domain(&self, call: &Call, domain: &str, changes: bool) -> Result<Owner> {
        let domain = self.find_domain(domain).await?.domain;
        call.caller.may_domain(domain.id, if changes { "signal_rules" } else { "domain" })?;
        Ok(Owner { owner: RuleOwner::Domain(domain.id), name: domain.name, account: None, domain: Some(domain.id) })
    }

    async fn rules_of_account(&self, call: &Call, account: &str, changes: bool) -> Result<Owner> {
        let row = self.find_account(call, account).await?;
        let account = &row.account;
        let administers = call.caller.may_domain(account.domain_id, if changes { "signal_rules" } else { "domain" });
        if administers.is_err() {
            call.caller.may_own(account.id, account.domain_id, "signal_rules")?;
            if changes && self.settings_of(&row).await?.signal_rules_allowed == RulesAllowed::No {
                return Err(Error::right_required("signal_rules"));
            }
        }
        Ok(Owner { owner: RuleOwner::Account(account.id), name: account.address.clone(), account: Some(account.id), domain: Some(account.domain_id) })
    }

    /// The settings of an account as they act.
    pub(crate) async fn settings_of(&self, row: &store::account::AccountRow) -> Result<AccountSettings> {
        let (_, server, ..) = self.store().server_settings().await?;
        let domain = self.find_domain(&row.account.domain_id.to_string()).await?.account_defaults;
        Ok(fold(&[&server, &domain, &row.settings]))
    }

    async fn read_rules(&self, owner: &Owner) -> Result<Done<SignalRules>> {
        Ok(shown(self.store().signal_rules(owner.owner).await?))
    }

    async fn read_rule(&self, owner: &Owner, rule: &str) -> Result<Done<SignalRule>> {
        let mut set = self.store().signal_rules(owner.owner).await?.rules;
        let rule = set.swap_remove(place(&set, rule)?);
        let version = rule.version;
        Ok(Done::versioned(rule, version))
    }

    /// Changes a set: locks it, lets `change` make the new one with its version, checks and saves it. `change` tells the place of
    /// the only rule that was given.
    async fn change_rules(&self, call: &Call, owner: &Owner, action: &str, change: impl FnOnce(&RuleSetRow, i64) -> Result<(Vec<SignalRule>, Option<usize>)>) -> Result<RuleSetRow> {
        let mut tx = self.store().begin().await?;
        let old = tx.lock_signal_rules(owner.owner).await?;
        let version = old.version + 1;
        let (rules, only) = change(&old, version)?;
        refuse_faults(&rules, owner.level(), only)?;
        let next = RuleSetRow { rules, version };
        tx.save_signal_rules(owner.owner, &next).await?;
        let ip = call.caller.remote_ip.to_string();
        let (topic, kind) = owner.news();
        let object = json!({"signal_rules": version});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &owner.name, topic, kind, account: owner.account, domain: owner.domain, object }).await?;
        tx.commit().await?;
        self.forget_names();
        Ok(next)
    }

    async fn add_rule(&self, call: &Call, owner: &Owner, action: &str, given: NewSignalRule, position: Option<u32>) -> Result<Done<SignalRule>> {
        let id = new_id();
        let next = self
            .change_rules(call, owner, action, |old, version| {
                check_version(call, old.version)?;
                let mut rules = old.rules.clone();
                let place = match position {
                    None => rules.len(),
                    Some(0) => return Err(Error::invalid("/position", "is counted from 1")),
                    Some(position) => usize::try_from(position - 1).unwrap_or(usize::MAX).min(rules.len()),
                };
                rules.insert(place, made(given, id, version));
                Ok((rules, Some(place)))
            })
            .await?;
        let rule = next.rules.into_iter().find(|rule| rule.id == id).ok_or_else(|| Error::not_found("rule"))?;
        Ok(Done::versioned(rule, next.version))
    }

    async fn exchange_rules(&self, call: &Call, owner: &Owner, action: &str, given: Vec<NewSignalRule>) -> Result<Done<SignalRules>> {
        let next = self
            .change_rules(call, owner, action, |old, version| {
                check_version(call, old.version)?;
                let mut left = old.rules.clone();
                let mut adopt = |given: NewSignalRule| {
                    let Ok(place) = place(&left, given.name.trim()) else { return made(given, new_id(), version) };
                    let was = left.remove(place);
                    let same = made(given, was.id, was.version);
                    if same == was { was } else { SignalRule { version, ..same } }
                };
                Ok((given.into_iter().map(&mut adopt).collect(), None))
            })
            .await?;
        Ok(shown(next))
    }

    async fn patch_rule(&self, call: &Call, owner: &Owner, action: &str, rule: &str, patch: SignalRulePatch) -> Result<Done<SignalRule>> {
        let mut changed = 0;
        let next = self
            .change_rules(call, owner, action, |old, version| {
                let at = place(&old.rules, rule)?;
                changed = at;
                let mut rules = old.rules.clone();
                if let Some(rule) = rules.get_mut(at) {
                    check_version(call, rule.version)?;
                    *rule = SignalRule { version, ..patched(rule.clone(), patch) };
                }
                Ok((rules, Some(at)))
            })
            .await?;
        let rule = next.rules.into_iter().nth(changed).ok_or_else(|| Error::not_found("rule"))?;
        Ok(Done::versioned(rule, next.version))
    }

    async fn drop_rule(&self, call: &Call, owner: &Owner, action: &str, rule: &str) -> Result<Done<()>> {
        self.change_rules(call, owner, action, |old, _| {
            let mut rules = old.rules.clone();
            check_version(call, rules.remove(place(&old.rules, rule)?).version)?;
            Ok((rules, None))
        })
        .await?;
        Ok(().into())
    }

    async fn order_rules(&self, call: &Call, owner: &Owner, action: &str, order: &[String]) -> Result<Done<SignalRules>> {
        let next = self
            .change_rules(call, owner, action, |old, _| {
                check_version(call, old.version)?;
                let mut left = old.rules.clone();
                let mut rules = Vec::with_capacity(left.len());
                for (n, rule) in order.iter().enumerate() {
                    let at = place(&left, rule).map_err(|_| Error::invalid(format!("/rules/{n}"), "is no rule of this set, or stands in the list twice"))?;
                    rules.push(left.remove(at));
                }
                match left.first() {
                    None => Ok((rules, None)),
                    Some(missing) => Err(Error::invalid("/rules", format!("{} is missing", missing.name))),
                }
            })
            .await?;
        Ok(shown(next))
    }

    /// Rules of the server.
    pub(crate) async fn list_server_signal_rules(self, call: Call, _input: ServerRules) -> Result<Done<SignalRules>> {
        self.read_rules(&self.rules_of_server(&call, false)?).await
    }

    /// Rules of a domain.
    pub(crate) async fn list_domain_signal_rules(self, call: Call, input: DomainRules) -> Result<Done<SignalRules>> {
        self.read_rules(&self.rules_of_domain(&call, &input.domain, false).await?).await
    }

    /// Rules of an account.
    pub(crate) async fn list_account_signal_rules(self, call: Call, input: AccountRules) -> Result<Done<SignalRules>> {
        self.read_rules(&self.rules_of_account(&call, &input.account, false).await?).await
    }

    /// A rule of the server.
    pub(crate) async fn get_server_signal_rule(self, call: Call, input: ServerRuleRef) -> Result<Done<SignalRule>> {
        self.read_rule(&self.rules_of_server(&call, false)?, &input.rule).await
    }

    /// A rule of a domain.
    pub(crate) async fn get_domain_signal_rule(self, call: Call, input: DomainRuleRef) -> Result<Done<SignalRule>> {
        self.read_rule(&self.rules_of_domain(&call, &input.domain, false).await?, &input.rule).await
    }

    /// A rule of an account.
    pub(crate) async fn get_account_signal_rule(self, call: Call, input: AccountRuleRef) -> Result<Done<SignalRule>> {
        self.read_rule(&self.rules_of_account(&call, &input.account, false).await?, &input.rule).await
    }

    /// Makes a rule of the server.
    pub(crate) async fn create_server_signal_rule(self, call: Call, input: CreateServerRule) -> Result<Done<SignalRule>> {
        let owner = self.rules_of_server(&call, true)?;
        let (rule, position) = input.rule();
        self.add_rule(&call, &owner, "createServerSignalRule", rule, position).await
    }

    /// Makes a rule of a domain.
    pub(crate) async fn create_domain_signal_rule(self, call: Call, input: CreateDomainRule) -> Result<Done<SignalRule>> {
        let owner = self.rules_of_domain(&call, &input.domain, true).await?;
        let (rule, position) = input.rule();
        self.add_rule(&call, &owner, "createDomainSignalRule", rule, position).await
    }

    /// Makes a rule of an account.
    pub(crate) async fn create_account_signal_rule(self, call: Call, input: CreateAccountRule) -> Result<Done<SignalRule>> {
        let owner = self.rules_of_account(&call, &input.account, true).await?;
        let (rule, position) = input.rule();
        self.add_rule(&call, &owner, "createAccountSignalRule", rule, position).await
    }

    /// Replaces the rules of the server.
    pub(crate) async fn replace_server_signal_rules(self, call: Call, input: ReplaceServerRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_server(&call, true)?;
        self.exchange_rules(&call, &owner, "replaceServerSignalRules", input.rules).await
    }

    /// Replaces the rules of a domain.
    pub(crate) async fn replace_domain_signal_rules(self, call: Call, input: ReplaceDomainRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_domain(&call, &input.domain, true).await?;
        self.exchange_rules(&call, &owner, "replaceDomainSignalRules", input.rules).await
    }

    /// Replaces the rules of an account.
    pub(crate) async fn replace_account_signal_rules(self, call: Call, input: ReplaceAccountRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_account(&call, &input.account, true).await?;
        self.exchange_rules(&call, &owner, "replaceAccountSignalRules", input.rules).await
    }

    /// Changes a rule of the server.
    pub(crate) async fn update_server_signal_rule(self, call: Call, input: UpdateServerRule) -> Result<Done<SignalRule>> {
        let (owner, rule) = (self.rules_of_server(&call, true)?, input.rule.clone());
        self.patch_rule(&call, &owner, "updateServerSignalRule", &rule, input.patch()).await
    }

    /// Changes a rule of a domain.
    pub(crate) async fn update_domain_signal_rule(self, call: Call, input: UpdateDomainRule) -> Result<Done<SignalRule>> {
        let (owner, rule) = (self.rules_of_domain(&call, &input.domain, true).await?, input.rule.clone());
        self.patch_rule(&call, &owner, "updateDomainSignalRule", &rule, input.patch()).await
    }

    /// Changes a rule of an account.
    pub(crate) async fn update_account_signal_rule(self, call: Call, input: UpdateAccountRule) -> Result<Done<SignalRule>> {
        let (owner, rule) = (self.rules_of_account(&call, &input.account, true).await?, input.rule.clone());
        self.patch_rule(&call, &owner, "updateAccountSignalRule", &rule, input.patch()).await
    }

    /// Deletes a rule of the server.
    pub(crate) async fn delete_server_signal_rule(self, call: Call, input: ServerRuleRef) -> Result<Done<()>> {
        let owner = self.rules_of_server(&call, true)?;
        self.drop_rule(&call, &owner, "deleteServerSignalRule", &input.rule).await
    }

    /// Deletes a rule of a domain.
    pub(crate) async fn delete_domain_signal_rule(self, call: Call, input: DomainRuleRef) -> Result<Done<()>> {
        let owner = self.rules_of_domain(&call, &input.domain, true).await?;
        self.drop_rule(&call, &owner, "deleteDomainSignalRule", &input.rule).await
    }

    /// Deletes a rule of an account.
    pub(crate) async fn delete_account_signal_rule(self, call: Call, input: AccountRuleRef) -> Result<Done<()>> {
        let owner = self.rules_of_account(&call, &input.account, true).await?;
        self.drop_rule(&call, &owner, "deleteAccountSignalRule", &input.rule).await
    }

    /// Puts the rules of the server in another order.
    pub(crate) async fn reorder_server_signal_rules(self, call: Call, input: ReorderServerRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_server(&call, true)?;
        self.order_rules(&call, &owner, "reorderServerSignalRules", &input.rules).await
    }

    /// Puts the rules of a domain in another order.
    pub(crate) async fn reorder_domain_signal_rules(self, call: Call, input: ReorderDomainRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_domain(&call, &input.domain, true).await?;
        self.order_rules(&call, &owner, "reorderDomainSignalRules", &input.rules).await
    }

    /// Puts the rules of an account in another order.
    pub(crate) async fn reorder_account_signal_rules(self, call: Call, input: ReorderAccountRules) -> Result<Done<SignalRules>> {
        let owner = self.rules_of_account(&call, &input.account, true).await?;
        self.order_rules(&call, &owner, "reorderAccountSignalRules", &input.rules).await
    }
}
