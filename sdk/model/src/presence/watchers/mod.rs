//! Who watches a presentity: the format of RFC 3858.
//!
//! For the presentity itself, or whoever it lets know: a document of [`Package::WatcherInformation`](crate::Package::WatcherInformation). Read tolerantly, written
//! valid by the schema; elements and attributes of other namespaces are ignored, as RFC 3858 §3 asks.

mod document;
mod watcher;
mod watcher_id;

pub use document::{WatcherInformation, WatcherList, WatcherState};
pub use watcher::{Watcher, WatcherEvent, WatcherStatus};
pub use watcher_id::{WatcherId, WatcherIdError};

/// The largest document taken or written, in bytes.
pub const MAX_LEN: usize = 1 << 20;

/// The most watchers of one document, and the lists that they stand in.
pub const MAX_WATCHERS: usize = 4096;

const NAMESPACE: &str = "urn:ietf:params:xml:ns:watcherinfo";
