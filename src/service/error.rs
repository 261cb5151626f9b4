use store::Error as StoreError;

/// Why an operation was not done. It speaks no protocol: each door has one table that turns it into its own words.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Error {
    /// What a client can do about it.
    pub kind: Kind,
    /// Stable code, the same word in every door.
    pub code: &'static str,
    /// For people; holds no internals.
    pub detail: String,
    /// The fields at fault, as JSON pointers into the input.
    pub fields: Vec<FieldError>,
    /// The right that is missing.
    pub required: Option<&'static str>,
    /// The version the object has, when another was expected.
    pub current_version: Option<i64>,
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the input.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// For people.
    pub detail: String,
    /// What a client can show in its own words; null when there is nothing to add.
    pub params: serde_json::Value,
}

/// What a client can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Sign in.
    Unauthenticated,
    /// Ask for a right.
    Forbidden,
    /// Name another object.
    NotFound,
    /// The object stands in the way.
    Conflict,
    /// Read the newer version first.
    Stale,
    /// Say which version is meant.
    VersionMissing,
    /// Mend the fields.
    Invalid,
    /// Wait so many seconds.
    Limited(u64),
    /// The server was not claimed yet.
    SetupRequired,
    /// Try again later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// Result of every operation.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without fields.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), fields: Vec::new(), required: None, current_version: None }
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "authentication_required", "Sign in first.")
    }

    /// Name and password do not belong together, or may not be used; the same words for every reason.
    pub fn invalid_credentials() -> Self {
        Self::new(Kind::Unauthenticated, "invalid_credentials", "Incorrect name or password.")
    }

    /// A right is missing.
    pub fn right_required(right: &'static str) -> Self {
        Self { required: Some(right), ..Self::new(Kind::Forbidden, "right_required", format!("This needs the right {right}.")) }
    }

    /// There is no such object, or the caller may not know of it.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// A name is taken.
    pub fn name_in_use(pointer: &str, name: &str, kind: &str) -> Self {
        let detail = format!("{name} is already a name of kind {kind} in this domain.");
        Self::new(Kind::Conflict, "name_in_use", detail.clone()).at(pointer, "name_in_use", detail)
    }

    /// A built-in object cannot be treated so.
    pub fn builtin_protected() -> Self {
        Self::new(Kind::Conflict, "builtin_protected", "This built-in object cannot be changed so.")
    }

    /// A field holds a wrong value.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(Kind::Invalid, "validation_failed", detail.clone()).at(pointer, "validation_failed", detail)
    }

    /// The object is not in the state this needs.
    pub fn wrong_state(detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, "wrong_state", detail)
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        self.fields.push(FieldError { pointer: pointer.into(), code, detail: detail.into(), params: serde_json::Value::Null });
        self
    }
}

impl Error {
    /// Says that the fields at fault stand in this one.
    #[must_use]
    pub(crate) fn below(mut self, pointer: &str) -> Self {
        for field in &mut self.fields {
            field.pointer.insert_str(0, pointer);
        }
        self
    }

    /// Adds particulars to the field named last.
    #[must_use]
    pub(crate) fn with(mut self, params: serde_json::Value) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.params = params;
        }
        self
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the database cannot be reached");
                Self::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later.")
            }
            StoreError::Duplicate { .. } => Self::new(Kind::Conflict, "conflict", "Somebody else made the same at the same time."),
            StoreError::Migration(_) | StoreError::Statement(_) => {
                tracing::error!(%error, "a statement failed");
                Self::new(Kind::Internal, "internal", "The server made a mistake; it is in its log.")
            }
        }
    }
}
