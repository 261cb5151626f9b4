use sqlx::types::time::OffsetDateTime;
use types::Timestamp;

/// A moment as PostgreSQL keeps it.
pub(crate) fn from_sql(moment: OffsetDateTime) -> Timestamp {
    Timestamp::from_micros(i64::try_from(moment.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX))
}

/// A moment for PostgreSQL.
pub(crate) fn to_sql(moment: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.micros()) * 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
