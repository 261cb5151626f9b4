//! Groups: one name for several addresses.

use std::collections::HashSet;

use model::group::{CreateGroup, Group, GroupMembers, GroupSettings, Members, RenameGroup, UpdateGroup};
use model::routing::Flow;
use model::Page;
use router::Address;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;
use store::domain::DomainRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::account::{real_name, refuse_taken};
use crate::domain::{page_after, page_limit, page_of};
use crate::forwarder::ListOfDomain;
use crate::name::object_name;
use crate::operation::{Call, Done};
use crate::server::check_version;
use crate::{Error, Kind, Result, Service, new_id};

/// Members a group may have.
const MOST_MEMBERS: usize = 10_000;

/// Names a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRef {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Name of the group.
    pub(crate) group: String,
}

/// Names a member of a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberRef {
    /// The domain: id or name.
    pub(crate) domain: String,
    /// Name of the group.
    pub(crate) group: String,
    /// The member's address as the group has it.
    pub(crate) address: String,
}

/// What changes in a group.
#[derive(Default)]
struct Change<'a> {
    name: Option<&'a str>,
    real_name: Option<&'a str>,
    members: Option<&'a [String]>,
    settings: Option<Value>,
}

impl Service {
    /// The domain and its group, for somebody who has the right.
    async fn find_group(&self, call: &Call, domain: &str, group: &str, right: &'static str) -> Result<(DomainRow, Group)> {
        let domain = self.find_domain(domain).await?;
        call.caller.may_domain(domain.domain.id, right)?;
        let group = self.store().group(domain.domain.id, &group.to_lowercase()).await?.ok_or_else(|| Error::not_found("group"))?;
        Ok((domain, group))
    }

    async fn show_group(&self, domain: &DomainRow, name: &str) -> Result<Done<Group>> {
        let group = self.store().group(domain.domain.id, name).await?.ok_or_else(|| Error::not_found("group"))?;
        let version = group.version;
        Ok(Done::versioned(group, version))
    }

    async fn lock_group(&self, call: &Call, group: &Group) -> Result<(Tx, Vec<String>)> {
        let mut tx = self.store().begin().await?;
        let (members, version) = tx.lock_group(group.id).await?.ok_or_else(|| Error::not_found("group"))?;
        check_version(call, version)?;
        Ok((tx, members))
    }

    #[allow(clippy::too_many_arguments, reason = "a change and its announcement")]
    async fn save_group(&self, call: &Call, mut tx: Tx, domain: &DomainRow, group: &Group, change: Change<'_>, action: &str, kind: &str, object: Value) -> Result<Done<Group>> {
        tx.update_group(group.id, change.name, change.real_name, change.members, change.settings.as_ref()).await?;
        self.announce_object(call, tx, domain, &group.name, action, kind, object).await?;
        self.show_group(domain, change.name.unwrap_or(&group.name)).await
    }

    /// Groups of a domain.
    pub(crate) async fn list_groups(self, call: Call, input: ListOfDomain) -> Result<Done<Page<Group>>> {
        let domain = self.find_domain(&input.domain).await?.domain.id;
        call.caller.may_domain(domain, "domain")?;
        let limit = page_limit(&input.page)?;
        let rows = self.store().groups(domain, &page_after(&input.page)?, limit + 1).await?;
        Ok(page_of(rows, limit, |group| &group.name))
    }

    /// One group.
    pub(crate) async fn get_group(self, call: Call, input: GroupRef) -> Result<Done<Group>> {
        let (_, group) = self.find_group(&call, &input.domain, &input.group, "domain").await?;
        let version = group.version;
        Ok(Done::versioned(group, version))
    }

    /// Makes a group.
    pub(crate) async fn create_group(self, call: Call, input: CreateGroup) -> Result<Done<Group>> {
        let domain = self.find_domain(&input.domain).await?;
        call.caller.may_domain(domain.domain.id, "can_create_groups")?;
        let (name, id) = (object_name(&input.name, "/name")?, new_id());
        let real_name = real_name(input.real_name.as_deref().unwrap_or_default())?;
        let members = members_of(&input.members, &[])?;
        self.refuse_cycle(domain.domain.id, &name, &members).await?;
        let mut tx = self.store().begin().await?;
        refuse_taken(&mut tx, domain.domain.id, &name, "/name").await?;
        tx.take_name(domain.domain.id, &name, "group", id).await?;
        tx.insert_group(id, domain.domain.id, &name, real_name, &members, &stored(input.settings.unwrap_or_default())).await?;
        self.announce_object(&call, tx, &domain, &name, "createGroup", "group.created", json!({"members": members.len()})).await?;
        self.show_group(&domain, &name).await
    }

    /// Changes a group.
    pub(crate) async fn update_group(self, call: Call, input: UpdateGroup) -> Result<Done<Group>> {
        let (domain, group) = self.find_group(&call, &input.domain, &input.group, "can_create_groups").await?;
        let real_name = input.real_name.as_deref().map(real_name).transpose()?;
        let members = input.members.map(|members| members_of(&members, &[])).transpose()?;
        if let Some(members) = &members {
            self.refuse_cycle(domain.domain.id, &group.name, members).await?;
        }
        let (tx, _) = self.lock_group(&call, &group).await?;
        let change = Change { real_name, members: members.as_deref(), settings: input.settings.map(stored), ..Change::default() };
        self.save_group(&call, tx, &domain, &group, change, "updateGroup", "group.updated", json!({})).await
    }

    /// Gives a group another name.
    pub(crate) async fn rename_group(self, call: Call, input: RenameGroup) -> Result<Done<Group>> {
        let (domain, group) = self.find_group(&call, &input.domain, &input.group, "can_create_groups").await?;
        let name = object_name(&input.new_name, "/new_name")?;
        self.refuse_cycle(domain.domain.id, &name, &group.members).await?;
        let (mut tx, _) = self.lock_group(&call, &group).await?;
        refuse_taken(&mut tx, domain.domain.id, &name, "/new_name").await?;
        tx.free_name(group.id).await?;
        tx.take_name(domain.domain.id, &name, "group", group.id).await?;
        let change = Change { name: Some(&name), ..Change::default() };
        self.save_group(&call, tx, &domain, &group, change, "renameGroup", "group.renamed", json!({"name": name})).await
    }

    /// Deletes a group.
    pub(crate) async fn delete_group(self, call: Call, input: GroupRef) -> Result<Done<()>> {
        let (domain, group) = self.find_group(&call, &input.domain, &input.group, "can_create_groups").await?;
        let (mut tx, _) = self.lock_group(&call, &group).await?;
        tx.free_name(group.id).await?;
        tx.delete_group(group.id).await?;
        self.announce_object(&call, tx, &domain, &group.name, "deleteGroup", "group.deleted", json!({})).await?;
        Ok(().into())
    }

    /// Members of a group.
    pub(crate) async fn list_members(self, call: Call, input: GroupRef) -> Result<Done<Members>> {
        Ok(shown(self.get_group(call, input).await?.value))
    }

    /// Adds members; those that are there stay where they are.
    pub(crate) async fn add_members(self, call: Call, input: GroupMembers) -> Result<Done<Members>> {
        self.change_members(&call, &input.domain, &input.group, "addMembers", |now| members_of(&input.members, now)).await
    }

    /// Replaces the members.
    pub(crate) async fn replace_members(self, call: Call, input: GroupMembers) -> Result<Done<Members>> {
        self.change_members(&call, &input.domain, &input.group, "replaceMembers", |_| members_of(&input.members, &[])).await
    }

    /// Takes a member away.
    pub(crate) async fn remove_member(self, call: Call, input: MemberRef) -> Result<Done<()>> {
        let without = |now: &[String]| {
            let left: Vec<String> = now.iter().filter(|member| !member.eq_ignore_ascii_case(&input.address)).cloned().collect();
            if left.len() == now.len() { Err(Error::not_found("member")) } else { Ok(left) }
        };
        self.change_members(&call, &input.domain, &input.group, "removeMember", without).await?;
        Ok(().into())
    }

    async fn change_members(&self, call: &Call, domain: &str, group: &str, action: &str, change: impl FnOnce(&[String]) -> Result<Vec<String>>) -> Result<Done<Members>> {
        let (domain, group) = self.find_group(call, domain, group, "can_create_groups").await?;
        let (tx, now) = self.lock_group(call, &group).await?;
        let members = change(&now)?;
        self.refuse_cycle(domain.domain.id, &group.name, &members).await?;
        let change = Change { members: Some(&members), ..Change::default() };
        Ok(shown(self.save_group(call, tx, &domain, &group, change, action, "group.updated", json!({"members": members.len()})).await?.value))
    }

    /// A group must not be a member of itself, be it through other groups.
    async fn refuse_cycle(&self, domain: Uuid, name: &str, members: &[String]) -> Result<()> {
        let router = self.router().await?;
        let named = |home: Uuid, member: &String| {
            let address = Address::parse(member, Flow::Mail).ok()?;
            let domain = if address.domain().is_empty() { home } else { router.domains().find(address.domain())?.id };
            Some((domain, address.local_key().to_owned()))
        };
        let mut seen: HashSet<(Uuid, String)> = HashSet::new();
        let mut next: Vec<(Uuid, String)> = members.iter().filter_map(|member| named(domain, member)).collect();
        while !next.is_empty() {
            if next.iter().any(|(home, member)| *home == domain && member == name) {
                let detail = "A group cannot be a member of itself, nor of a group that it contains.";
                return Err(Error::new(Kind::Conflict, "group_cycle", detail).at("/members", "group_cycle", detail));
            }
            next.retain(|member| seen.insert(member.clone()));
            let (domains, names): (Vec<Uuid>, Vec<String>) = next.into_iter().unzip();
            let groups = self.store().groups_among(&domains, &names).await?;
            next = groups.iter().flat_map(|(home, members)| members.iter().filter_map(|member| named(*home, member))).filter(|member| !seen.contains(member)).collect();
        }
        Ok(())
    }
}

fn shown(group: Group) -> Done<Members> {
    Done::versioned(Members { data: group.members, version: group.version }, group.version)
}

fn stored(settings: GroupSettings) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}

/// The members with new ones behind them, each address once.
fn members_of(new: &[String], now: &[String]) -> Result<Vec<String>> {
    let mut members = now.to_vec();
    let mut seen: HashSet<String> = now.iter().map(|member| member.to_lowercase()).collect();
    for (index, member) in new.iter().enumerate() {
        let member = member.trim();
        if member.len() > 1024 || Address::parse(member, Flow::Mail).is_err() {
            return Err(Error::invalid(format!("/members/{index}"), "is no address"));
        }
        if seen.insert(member.to_lowercase()) {
            members.push(member.to_owned());
        }
    }
    if members.len() > MOST_MEMBERS {
        return Err(Error::invalid("/members", "has more than 10,000 addresses"));
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_there_once() {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(members_of(&list(&["b", "A@x.example", "B "]), &list(&["a@x.example"])).unwrap(), ["a@x.example", "b"]);
        assert_eq!(members_of(&list(&["b", "a b"]), &[]).unwrap_err().fields[0].pointer, "/members/1");
        assert!(members_of(&(0..=MOST_MEMBERS).map(|n| n.to_string()).collect::<Vec<_>>(), &[]).is_err());
    }
}
