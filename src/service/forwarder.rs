//! Forwarders: names that lead to another address.

use model::forwarder::{CreateForwarder, Forwarder, RenameForwarder, UpdateForwarder};
use model::routing::Flow;
use model::{ListParams, Page};
use router::Address;
use serde::Deserialize;
use serde_json::{Value, json};
use store::domain::DomainRow;
use store::{News, Tx};
use utoipa::ToSchema;

use crate::account::refuse_taken;
use crate::domain::{page_after, page_limit, page_of};
use crate::name::object_name;
use crate::operation::{Call, Done};
use crate::server::check_version;
use crate::{Error, Result, Service, new_id};

/// Names a forwarder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForwarderRef {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Name in the domain.
    pub(crate) name: String,
}

/// Objects of one domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ListOfDomain {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Which part is wanted.
    #[serde(flatten)]
    pub(crate) page: ListParams,
}

impl Service {
    /// Tells of a change of a forwarder or group, and makes it act.
    #[allow(clippy::too_many_arguments, reason = "an announcement has these parts")]
    pub(crate) async fn announce_object(&self, call: &Call, mut tx: Tx, domain: &DomainRow, name: &str, action: &str, kind: &str, object: Value) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        let address = format!("{name}@{}", domain.domain.name);
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &address, topic: "domains", kind, account: None, domain: Some(domain.domain.id), object }).await?;
        tx.commit().await?;
        self.forget_names();
        Ok(())
    }

    async fn find_forwarder(&self, domain: &DomainRow, name: &str) -> Result<Forwarder> {
        self.store().forwarder(domain.domain.id, &name.to_lowercase()).await?.ok_or_else(|| Error::not_found("forwarder"))
    }

    async fn lock_forwarder(&self, call: &Call, forwarder: &Forwarder) -> Result<Tx> {
        let mut tx = self.store().begin().await?;
        let version = tx.lock_forwarder(forwarder.id).await?.ok_or_else(|| Error::not_found("forwarder"))?;
        check_version(call, version)?;
        Ok(tx)
    }

    async fn show_forwarder(&self, domain: &DomainRow, name: &str) -> Result<Done<Forwarder>> {
        let forwarder = self.find_forwarder(domain, name).await?;
        let version = forwarder.version;
        Ok(Done::versioned(forwarder, version))
    }

    /// Forwarders of a domain.
    pub(crate) async fn list_forwarders(self, call: Call, input: ListOfDomain) -> Result<Done<Page<Forwarder>>> {
        let domain = self.find_domain(&input.domain).await?.domain.id;
        call.caller.may_domain(domain, "domain")?;
        let limit = page_limit(&input.page)?;
        let rows = self.store().forwarders(domain, &page_after(&input.page)?, limit + 1).await?;
        Ok(page_of(rows, limit, |forwarder| &forwarder.name))
    }

    /// One forwarder.
    pub(crate) async fn get_forwarder(self, call: Call, input: ForwarderRef) -> Result<Done<Forwarder>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "domain")?;
        self.show_forwarder(&domain, &input.name).await
    }

    /// Makes a forwarder.
    pub(crate) async fn create_forwarder(self, call: Call, input: CreateForwarder) -> Result<Done<Forwarder>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "can_create_aliases")?;
        let (name, to, id) = (object_name(&input.name, "/name")?, target(&input.to)?, new_id());
        let mut tx = self.store().begin().await?;
        refuse_taken(&mut tx, domain.domain.id, &name, "/name").await?;
        tx.take_name(domain.domain.id, &name, "forwarder", id).await?;
        tx.insert_forwarder(id, domain.domain.id, &name, to).await?;
        self.announce_object(&call, tx, &domain, &name, "createForwarder", "forwarder.created", json!({"to": to})).await?;
        self.show_forwarder(&domain, &name).await
    }

    /// Changes where a forwarder leads.
    pub(crate) async fn update_forwarder(self, call: Call, input: UpdateForwarder) -> Result<Done<Forwarder>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "can_create_aliases")?;
        let forwarder = self.find_forwarder(&domain, &input.name).await?;
        let to = target(&input.to)?;
        let mut tx = self.lock_forwarder(&call, &forwarder).await?;
        tx.update_forwarder(forwarder.id, None, Some(to)).await?;
        self.announce_object(&call, tx, &domain, &forwarder.name, "updateForwarder", "forwarder.updated", json!({"to": to})).await?;
        self.show_forwarder(&domain, &forwarder.name).await
    }

    /// Gives a forwarder another name.
    pub(crate) async fn rename_forwarder(self, call: Call, input: RenameForwarder) -> Result<Done<Forwarder>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "can_create_aliases")?;
        let forwarder = self.find_forwarder(&domain, &input.name).await?;
        let name = object_name(&input.new_name, "/new_name")?;
        let mut tx = self.lock_forwarder(&call, &forwarder).await?;
        refuse_taken(&mut tx, domain.domain.id, &name, "/new_name").await?;
        tx.free_name(forwarder.id).await?;
        tx.take_name(domain.domain.id, &name, "forwarder", forwarder.id).await?;
        tx.update_forwarder(forwarder.id, Some(&name), None).await?;
        self.announce_object(&call, tx, &domain, &forwarder.name, "renameForwarder", "forwarder.renamed", json!({"name": name})).await?;
        self.show_forwarder(&domain, &name).await
    }

    /// Deletes a forwarder.
    pub(crate) async fn delete_forwarder(self, call: Call, input: ForwarderRef) -> Result<Done<()>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "can_create_aliases")?;
        let forwarder = self.find_forwarder(&domain, &input.name).await?;
        let mut tx = self.lock_forwarder(&call, &forwarder).await?;
        tx.free_name(forwarder.id).await?;
        tx.delete_forwarder(forwarder.id).await?;
        self.announce_object(&call, tx, &domain, &forwarder.name, "deleteForwarder", "forwarder.deleted", json!({})).await?;
        Ok(().into())
    }
}

/// An address the Router can read in one of its flows.
fn target(to: &str) -> Result<&str> {
    let to = to.trim();
    if to.len() <= 1024 && [Flow::Mail, Flow::Signal].iter().any(|flow| Address::parse(to, *flow).is_ok()) {
        return Ok(to);
    }
    Err(Error::invalid("/to", "is no address"))
}
