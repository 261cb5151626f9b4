//! Named lists of addresses, among them Client IPs: who is trusted for relaying.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::RwLock;

use model::Page;
use model::address_list::{AddressList, AddressTest, ReplaceAddressList};
use serde::Deserialize;
use serde_json::json;
use store::{News, Tx};
use types::AddressSet;
use utoipa::ToSchema;

use crate::operation::{Call, Done, Nothing};
use crate::server::check_version;
use crate::{Error, Result, Service};

/// Lists there always are.
const NAMES: [&str; 6] = ["client_ips", "blacklisted_ips", "white_hole_ips", "denied_ips", "lan_ips", "nated_ips"];

#[derive(Default)]
pub(crate) struct Lists {
    sets: RwLock<HashMap<String, AddressSet>>,
}

/// Names a list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRef {
    /// Name of the list.
    pub(crate) list: String,
}

/// Asks whether an address is in a list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestAddress {
    /// Name of the list.
    pub(crate) list: String,
    /// The address.
    pub(crate) address: String,
}

impl Service {
    /// Whether an address is in Client IPs: trusted for relaying, no limits per address.
    pub fn is_client(&self, address: IpAddr) -> bool {
        self.is_listed("client_ips", address)
    }

    /// Whether an address is this machine's own or in Client IPs: no limits of connections, passwords in the clear.
    pub fn is_near(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.is_client(address)
    }

    /// Whether there is a named list with anything in it.
    pub fn has_list(&self, list: &str) -> bool {
        self.inner.lists.sets.read().is_ok_and(|sets| sets.get(list).is_some_and(|set| !set.is_empty()))
    }

    /// Whether an address is in a named list.
    pub fn is_listed(&self, list: &str, address: IpAddr) -> bool {
        self.inner.lists.sets.read().is_ok_and(|sets| sets.get(list).is_some_and(|set| set.contains(address)))
    }

    /// Client IPs are loopback alone, and what the one who claims the server adds.
    pub(crate) async fn default_lists_tx(&self, tx: &mut Tx, more: &[String]) -> Result<()> {
        let mut lines = vec!["127.0.0.0/8".to_owned(), "::1".to_owned()];
        lines.extend_from_slice(more);
        tx.save_address_list("client_ips", &lines).await?;
        for name in NAMES.iter().skip(1) {
            tx.save_address_list(name, &[]).await?;
        }
        Ok(())
    }

    /// Reads all lists into memory.
    pub(crate) async fn load_lists(&self) -> Result<()> {
        let lists = self.store().address_lists().await?;
        let mut next = HashMap::new();
        for list in &lists {
            match resolve(&lists, &list.name) {
                Ok(lines) => next.insert(list.name.clone(), AddressSet::parse(&lines).unwrap_or_default()),
                Err(_) => None,
            };
        }
        if let Ok(mut sets) = self.inner.lists.sets.write() {
            *sets = next;
        }
        self.lists_changed();
        Ok(())
    }

    async fn find_list(&self, name: &str) -> Result<AddressList> {
        self.store().address_lists().await?.into_iter().find(|list| list.name == name).ok_or_else(|| Error::not_found("list"))
    }

    /// All lists.
    pub(crate) async fn list_address_lists(self, call: Call, _input: Nothing) -> Result<Done<Page<AddressList>>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        Ok(Page::whole(self.store().address_lists().await?).into())
    }

    /// One list.
    pub(crate) async fn get_address_list(self, call: Call, input: ListRef) -> Result<Done<AddressList>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let list = self.find_list(&input.list).await?;
        let version = list.version;
        Ok(Done::versioned(list, version))
    }

    /// Replaces a list, or makes one.
    pub(crate) async fn replace_address_list(self, call: Call, input: ReplaceAddressList) -> Result<Done<AddressList>> {
        call.caller.may_server("settings")?;
        let name = crate::name::object_name(&input.list, "/list")?;
        let mut lists = self.store().address_lists().await?;
        lists.retain(|list| list.name != name);
        lists.push(AddressList { name: name.clone(), lines: input.lines.clone(), version: 0 });
        let own: Vec<&String> = input.lines.iter().filter(|line| !line.trim_start().starts_with('#')).collect();
        AddressSet::parse(&own).map_err(|error| Error::invalid(format!("/lines/{}", error.line - 1), error.reason))?;
        resolve(&lists, &name).map_err(|reason| Error::invalid("/lines", reason))?;
        let mut tx = self.store().begin().await?;
        if let Some(version) = tx.lock_address_list(&name).await? {
            check_version(&call, version)?;
        }
        tx.save_address_list(&name, &input.lines).await?;
        let ip = call.caller.remote_ip.to_string();
        let object = json!({"list": name});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action: "replaceAddressList", name: &name, topic: "system", kind: "address_list.updated", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.load_lists().await?;
        self.get_address_list(Call { expect: None, ..call }, ListRef { list: name }).await
    }

    /// Whether an address is in a list, and by which line.
    pub(crate) async fn test_address(self, call: Call, input: TestAddress) -> Result<Done<AddressTest>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let address: IpAddr = input.address.parse().map_err(|_| Error::invalid("/address", "is no IP address"))?;
        self.find_list(&input.list).await?;
        let decided = self.inner.lists.sets.read().ok().and_then(|sets| sets.get(&input.list)?.decide(address));
        Ok(AddressTest { listed: decided.is_some_and(|(_, listed)| listed), line: decided.and_then(|(line, _)| i32::try_from(line).ok()) }.into())
    }
}

/// The lines of a list with those of the lists it includes.
fn resolve(lists: &[AddressList], name: &str) -> std::result::Result<Vec<String>, &'static str> {
    fn add(lists: &[AddressList], name: &str, path: &mut Vec<String>, into: &mut Vec<String>) -> std::result::Result<(), &'static str> {
        if path.iter().any(|seen| seen == name) {
            return Err("a list cannot include itself");
        }
        let list = lists.iter().find(|list| list.name == name).ok_or("includes a list that does not exist")?;
        path.push(name.to_owned());
        for line in &list.lines {
            match line.trim().strip_prefix('#') {
                Some(other) => add(lists, &other.split(';').next().unwrap_or_default().trim().to_lowercase(), path, into)?,
                None => into.push(line.clone()),
            }
        }
        path.pop();
        Ok(())
    }
    let mut lines = Vec::new();
    add(lists, name, &mut Vec::new(), &mut lines)?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_include_lists_but_not_themselves() {
        let list = |name: &str, lines: &[&str]| AddressList { name: name.into(), lines: lines.iter().map(|l| (*l).to_owned()).collect(), version: 1 };
        let lists = [list("a", &["10.0.0.0/8", "#B ; office"]), list("b", &["!10.1.0.0/16"]), list("c", &["#d"]), list("d", &["#c"]), list("e", &["#gone"])];
        assert_eq!(resolve(&lists, "a").unwrap(), ["10.0.0.0/8", "!10.1.0.0/16"]);
        assert!(resolve(&lists, "c").is_err() && resolve(&lists, "e").is_err());
    }
}
