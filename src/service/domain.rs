//! Domains: making, naming, suspending, their settings.

use model::domain::{CreateDomain, Domain, DomainAliases, DomainSettings, DomainSettingsPatch, MailToUnknown, RenameDomain, ReplaceDomainAliases, ToUnknown, UpdateDomain};
use model::server::{RenameMainDomain, Server};
use model::settings::{SettingsChange, SettingsView, Source, change, explain, fold};
use model::{ListParams, Page, PageInfo};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{News, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::name::domain_name;
use crate::operation::{Call, Done, Nothing};
use crate::server::{check_version, settings_fault};
use crate::{Error, Result, Service, new_id};

/// Names a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainRef {
    /// The domain: id or name.
    pub(crate) domain: String,
}

/// Names another name of a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainAliasRef {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// The other name.
    pub(crate) name: String,
}

/// Changes settings of a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateDomainSettings {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Values to set.
    pub(crate) set: Option<DomainSettingsPatch>,
    /// Names to return to inheritance.
    #[serde(default)]
    pub(crate) unset: Vec<String>,
}

/// Limit of a page, checked.
pub(crate) fn page_limit(params: &ListParams) -> Result<i64> {
    match params.limit.unwrap_or(50) {
        limit @ 1..=500 => Ok(limit),
        _ => Err(Error::new(crate::Kind::Malformed, "invalid_parameter", "limit must be 1 to 500").at("/limit", "invalid_parameter", "must be 1 to 500")),
    }
}

/// Cuts the row too many that tells of a further page; the cursor is the name of the last object, in hexadecimal.
pub(crate) fn page_of<T>(mut data: Vec<T>, limit: i64, name: impl Fn(&T) -> &str) -> Done<Page<T>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = data.len() > limit;
    data.truncate(limit);
    let cursors: Vec<String> = data.iter().map(|one| cursor(name(one))).collect();
    let next_cursor = cursors.last().filter(|_| has_more).cloned();
    Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() }
}

/// A cursor that stands for a name.
pub(crate) fn cursor(name: &str) -> String {
    name.bytes().map(|b| format!("{b:02x}")).collect()
}

/// The name after which a page begins.
pub(crate) fn page_after(params: &ListParams) -> Result<String> {
    let wrong = || Error::new(crate::Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection.");
    let Some(cursor) = &params.cursor else { return Ok(String::new()) };
    let octets: Option<Vec<u8>> = (0..cursor.len() / 2).map(|i| u8::from_str_radix(cursor.get(2 * i..2 * i + 2)?, 16).ok()).collect();
    octets.filter(|_| cursor.len() % 2 == 0).and_then(|octets| String::from_utf8(octets).ok()).ok_or_else(wrong)
}

impl Service {
    /// Finds a domain by id or name.
    pub(crate) async fn find_domain(&self, domain: &str) -> Result<store::domain::DomainRow> {
        let id = domain.parse::<Uuid>().ok();
        let name = idna::domain_to_ascii(domain).unwrap_or_default();
        self.store().domain(id, &name).await?.ok_or_else(|| Error::not_found("domain"))
    }

    /// Domains the caller may know of.
    pub(crate) async fn list_domains(self, call: Call, input: ListParams) -> Result<Done<Page<Domain>>> {
        let only = Self::administered(&call)?;
        let limit = page_limit(&input)?;
        let rows = self.store().domains(only, &page_after(&input)?, limit + 1).await?;
        Ok(page_of(rows, limit, |domain| &domain.name))
    }

    /// One domain.
    pub(crate) async fn get_domain(self, call: Call, input: DomainRef) -> Result<Done<Domain>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_domain(row.domain.id, "domain")?;
        let version = row.domain.version;
        Ok(Done::versioned(row.domain, version))
    }

    /// Makes a domain.
    pub(crate) async fn create_domain(self, call: Call, input: CreateDomain) -> Result<Done<Domain>> {
        call.caller.may_server("domains_all")?;
        let name = domain_name(&input.name, "/name")?;
        let mut tx = self.store().begin().await?;
        let id = new_id();
        refuse_taken(&mut tx, &name, "/name").await?;
        tx.insert_domain(id, &name, false).await?;
        for (index, alias) in input.aliases.iter().enumerate() {
            let pointer = format!("/aliases/{index}");
            let alias = domain_name(alias, &pointer)?;
            refuse_taken(&mut tx, &alias, &pointer).await?;
            tx.insert_domain_alias(id, &alias).await?;
        }
        self.announce_domain(&call, tx, id, &name, "createDomain", "domain.created", json!({"name": name})).await?;
        self.get_domain(call, DomainRef { domain: id.to_string() }).await
    }

    #[allow(clippy::too_many_arguments, reason = "an announcement has these parts, and every caller names them all")]
    pub(crate) async fn announce_domain(&self, call: &Call, mut tx: Tx, id: Uuid, name: &str, action: &str, kind: &str, object: Value) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name, topic: "domains", kind, account: None, domain: Some(id), object }).await?;
        tx.commit().await?;
        self.inner.standings.forget_all();
        self.routing_changed().await;
        Ok(())
    }

    /// Changes a domain.
    pub(crate) async fn update_domain(self, call: Call, input: UpdateDomain) -> Result<Done<Domain>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        if let Some(ips) = &input.assigned_ips {
            for (index, ip) in ips.iter().enumerate() {
                ip.parse::<std::net::IpAddr>().map_err(|_| Error::invalid(format!("/assigned_ips/{index}"), "is no IP address"))?;
            }
        }
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        tx.update_domain(row.domain.id, input.assigned_ips.as_deref(), None, None).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "updateDomain", "domain.updated", json!({})).await?;
        self.get_domain(Call { expect: None, ..call }, DomainRef { domain: row.domain.id.to_string() }).await
    }

    pub(crate) async fn lock_domain(&self, call: &Call, id: Uuid) -> Result<Tx> {
        let mut tx = self.store().begin().await?;
        let version = tx.lock_domain(id).await?.ok_or_else(|| Error::not_found("domain"))?;
        check_version(call, version)?;
        Ok(tx)
    }

    async fn set_domain_state(self, call: Call, input: DomainRef, state: &str, action: &str, kind: &str) -> Result<Done<Domain>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        if row.domain.builtin {
            return Err(Error::builtin_protected());
        }
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        tx.update_domain(row.domain.id, None, Some(state), None).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, action, kind, json!({"state": state})).await?;
        self.get_domain(Call { expect: None, ..call }, input).await
    }

    /// Suspends a domain: nothing is taken or let in.
    pub(crate) async fn suspend_domain(self, call: Call, input: DomainRef) -> Result<Done<Domain>> {
        self.set_domain_state(call, input, "suspended", "suspendDomain", "domain.suspended").await
    }

    /// Lets a suspended domain work again.
    pub(crate) async fn resume_domain(self, call: Call, input: DomainRef) -> Result<Done<Domain>> {
        self.set_domain_state(call, input, "active", "resumeDomain", "domain.resumed").await
    }

    /// Deletes a domain without accounts.
    pub(crate) async fn delete_domain(self, call: Call, input: DomainRef) -> Result<Done<()>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        if row.domain.builtin {
            return Err(Error::builtin_protected());
        }
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        if tx.count_accounts(row.domain.id).await? > 0 {
            return Err(Error::new(crate::Kind::Conflict, "not_empty", "The domain still has accounts."));
        }
        tx.delete_domain(row.domain.id).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "deleteDomain", "domain.deleted", json!({})).await?;
        Ok(().into())
    }

    /// Other names of a domain.
    pub(crate) async fn list_domain_aliases(self, call: Call, input: DomainRef) -> Result<Done<DomainAliases>> {
        let domain = self.get_domain(call, input).await?.value;
        Ok(Done::versioned(DomainAliases { data: domain.aliases, version: domain.version }, domain.version))
    }

    /// Adds another name to a domain.
    pub(crate) async fn add_domain_alias(self, call: Call, input: DomainAliasRef) -> Result<Done<DomainAliases>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        let alias = domain_name(&input.name, "/name")?;
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        refuse_taken(&mut tx, &alias, "/name").await?;
        tx.insert_domain_alias(row.domain.id, &alias).await?;
        tx.update_domain(row.domain.id, None, None, None).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "addDomainAlias", "domain.updated", json!({"alias": alias})).await?;
        self.list_domain_aliases(Call { expect: None, ..call }, DomainRef { domain: input.domain }).await
    }

    /// Takes another name from a domain.
    pub(crate) async fn remove_domain_alias(self, call: Call, input: DomainAliasRef) -> Result<Done<()>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        let alias = idna::domain_to_ascii(&input.name).unwrap_or_default();
        if !tx.delete_domain_alias(row.domain.id, &alias).await? {
            return Err(Error::not_found("name"));
        }
        tx.update_domain(row.domain.id, None, None, None).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "removeDomainAlias", "domain.updated", json!({"alias": alias})).await?;
        Ok(().into())
    }

    /// Replaces the other names of a domain.
    pub(crate) async fn replace_domain_aliases(self, call: Call, input: ReplaceDomainAliases) -> Result<Done<DomainAliases>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server("domains_all")?;
        let mut tx = self.lock_domain(&call, row.domain.id).await?;
        tx.delete_domain_aliases(row.domain.id).await?;
        for (index, alias) in input.aliases.iter().enumerate() {
            let pointer = format!("/aliases/{index}");
            let alias = domain_name(alias, &pointer)?;
            refuse_taken(&mut tx, &alias, &pointer).await?;
            tx.insert_domain_alias(row.domain.id, &alias).await?;
        }
        tx.update_domain(row.domain.id, None, None, None).await?;
        self.announce_domain(&call, tx, row.domain.id, &row.domain.name, "replaceDomainAliases", "domain.updated", json!({"aliases": input.aliases})).await?;
        self.list_domain_aliases(Call { expect: None, ..call }, DomainRef { domain: row.domain.id.to_string() }).await
    }

    /// Gives a domain another name; the old one stays as an alias unless that is not wanted.
    pub(crate) async fn rename_domain(self, call: Call, input: RenameDomain) -> Result<Done<Domain>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_server(if row.domain.builtin { "master" } else { "domains_all" })?;
        let tx = self.lock_domain(&call, row.domain.id).await?;
        self.rename_domain_tx(&call, tx, &row.domain, &input.name, input.keep_alias, "renameDomain").await?;
        self.get_domain(Call { expect: None, ..call }, DomainRef { domain: row.domain.id.to_string() }).await
    }

    /// Gives the main domain another name, and with it the server.
    pub(crate) async fn rename_main_domain(self, call: Call, input: RenameMainDomain) -> Result<Done<Server>> {
        let tx = self.lock_server(&call, "master").await?;
        let server = self.store().server().await?.ok_or_else(|| Error::not_found("server"))?;
        let row = self.find_domain(&server.main_domain).await?;
        self.rename_domain_tx(&call, tx, &row.domain, &input.name, input.keep_alias, "renameMainDomain").await?;
        self.get_server(Call { expect: None, ..call }, Nothing {}).await
    }

    async fn rename_domain_tx(&self, call: &Call, mut tx: Tx, domain: &Domain, name: &str, keep_alias: Option<bool>, action: &str) -> Result<()> {
        let name = domain_name(name, "/name")?;
        if name == domain.name {
            return Err(Error::invalid("/name", "is the name of the domain already"));
        }
        tx.lock_domain(domain.id).await?;
        tx.delete_domain_alias(domain.id, &name).await?;
        refuse_taken(&mut tx, &name, "/name").await?;
        tx.rename_domain(domain.id, &name, keep_alias.unwrap_or(true)).await?;
        self.announce_domain(call, tx, domain.id, &domain.name, action, "domain.renamed", json!({"name": name})).await
    }

    /// Settings of a domain with their origin.
    pub(crate) async fn get_domain_settings(self, call: Call, input: DomainRef) -> Result<Done<SettingsView>> {
        let row = self.find_domain(&input.domain).await?;
        call.caller.may_domain(row.domain.id, "domain")?;
        let (_, _, server, _) = self.store().server_settings().await?;
        let data = explain::<DomainSettings>(&[(Source::Server, &server), (Source::Domain, &row.settings)]);
        Ok(Done::versioned(SettingsView { data, version: row.domain.version }, row.domain.version))
    }

    /// Changes settings of a domain.
    pub(crate) async fn update_domain_settings(self, call: Call, input: UpdateDomainSettings) -> Result<Done<SettingsView>> {
        let id = self.find_domain(&input.domain).await?.domain.id;
        call.caller.may_server("domains_all")?;
        let mut tx = self.lock_domain(&call, id).await?;
        let row = self.find_domain(&id.to_string()).await?;
        let next = change::<DomainSettings>(&row.settings, &SettingsChange { set: input.set, unset: input.unset }).map_err(settings_fault)?;
        check_reroutes(&fold(&[&next]))?;
        tx.update_domain(id, None, None, Some(&next)).await?;
        self.announce_domain(&call, tx, id, &row.domain.name, "updateDomainSettings", "domain.updated", json!({"settings": next})).await?;
        self.get_domain_settings(Call { expect: None, ..call }, DomainRef { domain: input.domain }).await
    }
}

/// Where something is rerouted, the address must be one.
pub(crate) fn check_reroutes(settings: &DomainSettings) -> Result<()> {
    let rerouted = [
        ("mail_reroute_address", settings.mail_to_unknown == MailToUnknown::Rerouted, &settings.mail_reroute_address),
        ("access_reroute_address", settings.access_to_unknown == ToUnknown::Rerouted, &settings.access_reroute_address),
        ("signal_reroute_address", settings.signal_to_unknown == ToUnknown::Rerouted, &settings.signal_reroute_address),
    ];
    for (key, _, address) in rerouted.into_iter().filter(|(_, used, _)| *used) {
        router::Template::parse(address).map_err(|reason| Error::invalid(format!("/set/{key}"), reason.to_string()))?;
    }
    Ok(())
}

async fn refuse_taken(tx: &mut Tx, name: &str, pointer: &str) -> Result<()> {
    if tx.domain_name_taken(name).await? {
        let detail = format!("{name} is the name of a domain already.");
        return Err(Error::new(crate::Kind::Conflict, "domain_exists", detail.clone()).at(pointer, "domain_exists", detail));
    }
    Ok(())
}
