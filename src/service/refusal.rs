use crate::{Error, Kind};

/// A mail refused, in the words of SMTP and of failure reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reply code.
    pub code: u16,
    /// Enhanced status code; absent with the codes of the seed product.
    pub enhanced: Option<&'static str>,
    /// Text.
    pub text: String,
}

impl Refusal {
    pub(crate) fn new(code: u16, enhanced: &'static str, text: impl Into<String>) -> Self {
        Self { code, enhanced: Some(enhanced), text: text.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.enhanced {
            Some(enhanced) => write!(f, "{} {enhanced} {}", self.code, self.text),
            None => write!(f, "{} {}", self.code, self.text),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match (error.kind, error.code) {
            (_, "storage_full") => Self::new(452, "4.3.1", "insufficient system storage"),
            (Kind::Limited(_), _) => Self::new(421, "4.7.0", "too many requests, try again later"),
            _ => Self::new(451, "4.3.0", "temporary internal error, try again later"),
        }
    }
}
