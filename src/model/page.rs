use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a collection.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The objects of this page, in the order asked for.
    pub data: Vec<T>,
    /// Where the page stands in the collection.
    pub page: PageInfo,
}

/// Where a page stands in its collection.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PageInfo {
    /// Give it back as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
    /// Whether more objects follow.
    pub has_more: bool,
    /// Number of objects in the whole collection; only when `count=exact` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// Which part of a collection is wanted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListParams {
    /// Objects per page, 1 to 500; 50 when absent.
    #[schema(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `exact` adds the total number.
    pub count: Option<String>,
}

impl<T> Page<T> {
    /// The whole collection on one page.
    pub fn whole(data: Vec<T>) -> Self {
        Self { data, page: PageInfo::default() }
    }
}
