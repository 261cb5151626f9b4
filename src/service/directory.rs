//! Accounts, numbers and administrators over all domains.

use model::account::{Account, AccountState, Admin, RightDescription, RightScope, RightsCatalogue, Telnum};
use model::{ListParams, Page, PageInfo};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{page_after, page_limit, page_of};
use crate::operation::{Call, Done, Nothing};
use crate::rights::{DOMAIN, SERVER};
use crate::{Error, Kind, Result, Service};

/// Accounts of all domains the caller administers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListAccounts {
    /// Only those whose address or person holds this text.
    #[serde(default)]
    pub(crate) q: String,
    /// Only those in this state; those not deleted when absent.
    pub(crate) state: Option<AccountState>,
    /// Accounts per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// Telephone numbers of all domains the caller administers.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindTelnum {
    /// Only numbers that begin so.
    #[serde(default)]
    pub(crate) number: String,
    /// Numbers per page, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// A page whose cursor is the id of its last object.
pub(crate) fn page_by_id<T>(mut data: Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> Done<Page<T>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = data.len() > limit;
    data.truncate(limit);
    let cursors: Vec<String> = data.iter().map(|one| id(one).to_string()).collect();
    let next_cursor = cursors.last().filter(|_| has_more).cloned();
    Done { cursors, ..Page { data, page: PageInfo { next_cursor, has_more, total: None } }.into() }
}

/// The id after which a page begins.
pub(crate) fn after_id(cursor: Option<&str>) -> Result<Uuid> {
    cursor.map_or(Ok(Uuid::nil()), str::parse).map_err(|_| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection."))
}

fn state_word(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
        AccountState::Deleted => "deleted",
    }
}

impl Service {
    /// The one domain whose objects the caller may list; `None` for all of them.
    pub(crate) fn administered(call: &Call) -> Result<Option<Uuid>> {
        let standing = call.caller.signed_in()?;
        if standing.has_server_right("domains_read") || standing.has_server_right("domains_all") {
            call.caller.may_domain(Uuid::nil(), "domain")?;
            return Ok(None);
        }
        call.caller.may_domain(standing.domain_id, "domain")?;
        Ok(Some(standing.domain_id))
    }

    /// Accounts of all domains the caller administers, in the order they were made.
    pub(crate) async fn list_accounts(self, call: Call, input: ListAccounts) -> Result<Done<Page<Account>>> {
        let only = Self::administered(&call)?;
        let limit = page_limit(&ListParams { limit: input.limit, ..Default::default() })?;
        let rows = self.store().find_accounts(only, &input.q.to_lowercase(), input.state.map(state_word), after_id(input.cursor.as_deref())?, limit + 1).await?;
        Ok(page_by_id(rows, limit, |account| account.id))
    }

    /// Telephone numbers, and whose they are.
    pub(crate) async fn find_telnum(self, call: Call, input: FindTelnum) -> Result<Done<Page<Telnum>>> {
        let only = Self::administered(&call)?;
        let params = ListParams { limit: input.limit, cursor: input.cursor, count: None };
        let limit = page_limit(&params)?;
        let rows = self.store().find_telnums(only, &input.number, &page_after(&params)?, limit + 1).await?;
        Ok(page_of(rows, limit, |telnum| &telnum.number))
    }

    /// Accounts that hold rights.
    pub(crate) async fn list_admins(self, call: Call, input: ListParams) -> Result<Done<Page<Admin>>> {
        let only = Self::administered(&call)?;
        let limit = page_limit(&input)?;
        let rows = self.store().admins(only, after_id(input.cursor.as_deref())?, limit + 1).await?;
        Ok(page_by_id(rows, limit, |admin| admin.account_id))
    }

    /// The rights there are, and which of them the caller holds.
    pub(crate) async fn list_rights(self, call: Call, _input: Nothing) -> Result<Done<RightsCatalogue>> {
        let standing = call.caller.signed_in()?;
        let server = SERVER.into_iter().map(|right| (right, RightScope::Server, standing.has_server_right(right)));
        let own = |right: &str| standing.domain_rights.iter().any(|held| held == right) || standing.has_server_right("domains_all");
        let domain = DOMAIN.into_iter().map(|right| (right, RightScope::Domain, own(right)));
        let data = server.chain(domain).map(|(right, scope, held)| RightDescription { right: right.to_owned(), scope, held }).collect();
        Ok(RightsCatalogue { data }.into())
    }
}
