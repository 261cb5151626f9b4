//! Datasets: lists of addresses of an account, which rules ask for and add to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A dataset of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Dataset {
    /// Its name, in lower case.
    pub name: String,
    /// Addresses, numbers or pictures in which `*` stands for anything, the oldest first.
    pub entries: Vec<String>,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Names a dataset.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Name of the dataset.
    pub name: String,
}

/// Replaces a dataset, or makes one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceDataset {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Name of the dataset: letters, digits, dots, dashes and blanks.
    pub name: String,
    /// Its entries, all of them.
    pub entries: Vec<String>,
}
