//! The bodies of event packages: written for [`subscription`](crate::subscription), and presence documents read for
//! [`publication`](crate::publication).

pub mod dialog_info;
pub mod message_summary;
pub mod presence;
pub mod reg_info;
#[cfg(test)]
mod tests;
pub mod watcher_info;
mod xml;
