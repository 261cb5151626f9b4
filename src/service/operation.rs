use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use model::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::RefOr;
use utoipa::{PartialSchema, ToSchema};

use crate::{Caller, Error, Kind, Result, Service};

/// One thing that can be done, once for all doors: REST path, GraphQL field, OpenAPI entry and command are made from this.
pub struct Operation {
    /// Name: operationId, GraphQL field, audit verb.
    pub id: &'static str,
    /// How REST asks for it.
    pub method: Method,
    /// REST path below `/api/v1`; what stands in braces is a field of the input.
    pub path: &'static str,
    /// REST status when it was done.
    pub status: u16,
    /// Group of operations.
    pub tag: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may do it.
    pub access: Access,
    /// Shape of the input: an object.
    pub input: fn() -> Shape,
    /// Shape of the result; `None` when there is none.
    pub output: Option<fn() -> Shape>,
    /// Whether the version must be named (`If-Match`).
    pub needs_version: bool,
    /// Media type that may come as it is, instead of the field that holds it; `*/*` = any, and JSON is no input then.
    pub takes: Option<&'static str>,
    /// Media type in which the result may be shown as it is, instead of JSON.
    pub gives: Option<Gives>,
    run: Run,
}

type Run = fn(Service, Call, Value) -> Pin<Box<dyn Future<Output = Result<Reply>> + Send>>;

/// How a result is shown that is no JSON by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// As it is, unless JSON is asked for.
    AsItIs(&'static str),
    /// As JSON, unless this is asked for.
    WhenAsked(&'static str),
}

/// How REST asks for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes or acts.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

/// Who may do an operation, as documentation and tests need it; the operation itself asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Who has this right over the server.
    Server(&'static str),
    /// Who has this right in the domain concerned.
    Domain(&'static str),
    /// The owner of the account, or who has this right in its domain.
    Own(&'static str),
}

/// A call of an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The version the caller has seen.
    pub expect: Option<i64>,
    /// What came as it is, beside the input.
    pub octets: Option<Octets>,
    /// The result is wanted as it is, when it is no JSON by nature.
    pub as_it_is: bool,
}

/// Something that is no JSON: a message, a file, a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets {
    /// Media type.
    pub media_type: String,
    /// File name.
    pub name: Option<String>,
    /// The octets.
    pub data: Bytes,
}

impl Call {
    /// A call without further ado.
    pub fn new(caller: Caller, expect: Option<i64>) -> Self {
        Self { caller, expect, octets: None, as_it_is: false }
    }
}

/// What an operation gives back.
#[derive(Debug)]
pub struct Reply {
    /// JSON; empty when there is nothing to say.
    pub body: Vec<u8>,
    /// Version of the object in it.
    pub version: Option<i64>,
    /// The result as it is, instead of JSON.
    pub octets: Option<Octets>,
    /// Of a page, the cursor of each object.
    pub cursors: Vec<String>,
}

/// Result of an operation before it is written down.
pub(crate) struct Done<T> {
    /// The result.
    pub(crate) value: T,
    /// Version of the object in it.
    pub(crate) version: Option<i64>,
    /// The result as it is, instead of the value.
    pub(crate) octets: Option<Octets>,
    /// Of a page, the cursor of each object.
    pub(crate) cursors: Vec<String>,
}

impl<T> Done<T> {
    /// A result that has a version.
    pub(crate) fn versioned(value: T, version: i64) -> Self {
        Self { value, version: Some(version), octets: None, cursors: Vec::new() }
    }
}

impl<T> Done<Page<T>> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, show: impl FnMut(T) -> U) -> Done<Page<U>> {
        let Page { data, page } = self.value;
        Done { value: Page { data: data.into_iter().map(show).collect(), page }, version: self.version, octets: self.octets, cursors: self.cursors }
    }
}

impl<T> From<T> for Done<T> {
    fn from(value: T) -> Self {
        Self { value, version: None, octets: None, cursors: Vec::new() }
    }
}

/// A schema by name, with those it refers to.
pub struct Shape {
    /// Name in the components.
    pub name: String,
    /// The schema.
    pub schema: RefOr<Schema>,
    /// What it refers to.
    pub parts: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// The shape of a type.
    pub fn of<T: ToSchema + PartialSchema>() -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        Self { name: full_name::<T>(), schema: T::schema(), parts }
    }
}

/// `Page<Account>` and `Page<Domain>` are two schemas; their own name is the same.
fn full_name<T: ToSchema>() -> String {
    let whole = std::any::type_name::<T>();
    if !whole.contains('<') {
        return T::name().into_owned();
    }
    whole.split(['<', '>', ',']).filter_map(|part| part.rsplit("::").next()).map(str::trim).collect()
}

impl Operation {
    /// Does it: reads the input, runs, writes the result.
    ///
    /// # Errors
    /// What the operation refuses, and `Malformed` for an input that does not fit.
    pub async fn perform(&self, service: &Service, call: Call, input: Value) -> Result<Reply> {
        if !self.id.ends_with("etup") && !self.id.starts_with("getSetup") {
            service.require_setup().await?;
        }
        service.limit(self, &call.caller)?;
        if self.needs_version && call.expect.is_none() {
            return Err(Error::new(Kind::VersionMissing, "precondition_required", "Name the version you have read (If-Match)."));
        }
        (self.run)(service.clone(), call, input).await
    }

    /// The operation of that name.
    pub fn find(id: &str) -> Option<&'static Self> {
        crate::operations::ALL.iter().find(|operation| operation.id == id)
    }

    /// Whether it changes nothing.
    pub fn is_query(&self) -> bool {
        self.method == Method::Get || self.id == "explainRoute" || self.id == "searchMessages" || self.id.starts_with("validate") || self.id == "testSignalRules"
    }

    pub(crate) const fn new(id: &'static str, method: Method, path: &'static str, status: u16, access: Access, summary: &'static str, run: Run) -> Self {
        fn nothing() -> Shape {
            Shape::of::<Nothing>()
        }
        Self { id, method, path, status, tag: "", summary, access, input: nothing, output: None, needs_version: false, takes: None, gives: None, run }
    }
}

/// An input without fields.
#[derive(Debug, Clone, Default, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Reads an input; what does not fit is named.
pub(crate) fn read<T: DeserializeOwned>(input: Value) -> Result<T> {
    serde_json::from_value(input).map_err(|error| {
        let text = error.to_string();
        // Of a wrong word only the word is known, not the field it stands in.
        let field = if text.starts_with("unknown variant") { "" } else { text.split('`').nth(1).unwrap_or_default() };
        let (kind, code) = if text.starts_with("unknown field") { (Kind::Malformed, "unknown_field") } else { (Kind::Malformed, "invalid_parameter") };
        Error::new(kind, code, text.clone()).at(if field.is_empty() { String::new() } else { format!("/{field}") }, code, text)
    })
}

/// Writes a result.
pub(crate) fn write<T: Serialize>(done: Done<T>) -> Result<Reply> {
    if done.octets.is_some() {
        return Ok(Reply { body: Vec::new(), version: done.version, octets: done.octets, cursors: Vec::new() });
    }
    let body = serde_json::to_vec(&done.value).map_err(|error| {
        tracing::error!(%error, "a result cannot be written");
        Error::new(Kind::Internal, "internal", "The server made a mistake; it is in its log.")
    })?;
    Ok(Reply { body: if body == b"null" { Vec::new() } else { body }, version: done.version, octets: None, cursors: done.cursors })
}
