/// What can go wrong below the statements.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away or overloaded; trying again later may help.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A name or key is taken.
    #[error("already there: {constraint}")]
    Duplicate {
        /// Name of the constraint.
        constraint: String,
    },
    /// A migration failed.
    #[error("migration failed: {0}")]
    Migration(String),
    /// A statement failed: a fault of ours.
    #[error("statement failed: {0}")]
    Statement(#[source] sqlx::Error),
}

/// Result of everything in this room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the database has no room or no memory left.
    pub fn is_full(&self) -> bool {
        let (Self::Unavailable(error) | Self::Statement(error)) = self else { return false };
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code.starts_with("53"))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::Tls(_) | E::Protocol(_) => Self::Unavailable(error),
            E::Database(ref database) => match database.code().as_deref() {
                Some("23505") => Self::Duplicate { constraint: database.constraint().unwrap_or_default().to_owned() },
                // Connection lost, shutting down, starting up, read only, out of disk, memory or connections.
                Some(code) if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "25006" => Self::Unavailable(error),
                _ => Self::Statement(error),
            },
            other => Self::Statement(other),
        }
    }
}
