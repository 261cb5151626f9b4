//! The bodies of event packages: written for [`subscription`](crate::subscription), and presence documents read for
//! [`publication`](crate::publication).

pub mod conference_info;
pub mod dialog_info;
pub mod message_summary;
pub mod presence;
pub mod reg_info;
pub mod resource_list;
#[cfg(test)]
mod tests;
pub mod watcher_info;
mod xml;
