//! What survives a restart: named tables, atomic batches, group commit.
//!
//! In-progress operations and presence information are kept in persistent storage (draft-ietf-impp-cpim-03 §3.4). This crate keeps bytes; what they mean is known to the parts of
//! the gateway that own the [`Table`]s.
//!
//! | engine | for |
//! |---|---|
//! | [`EmbeddedStore`] | gateways: one file in a folder, nothing to install |
//! | [`SimulatedStore`] | simulations: in memory, without threads, with faults drawn from a seed |
//!
//! # The contract
//!
//! * **Safe** means: the batch is in the file, the file has been synchronised with the disk (`fdatasync`), and so were the folders that name it when it was made. From then on
//!   the batch survives a crash of the process, of the system, and a power failure, as far as the disk keeps what it has acknowledged.
//! * **[`commit`](Store::commit) does not wait.** Those who call it share one lock, for the moment in which the batch is queued. Batches that wait become
//!   durable together, with one synchronisation for all; while it is under way, the next group gathers.
//! * **All or nothing.** After a crash, a batch is there as a whole, or not at all.
//! * **Order.** Batches become durable in the order in which they were given, over all callers; after a crash, none is there without all before it. Answers
//!   come in that order as well; a refusal overtakes them.
//! * **One answer** for each batch, always; see [`Done`]. It comes from the store's own thread, which it must not hold up, or inside the call.
//! * **A failure is not a denial.** When the disk fails, batches that were being written may be durable all the same; what is there afterwards says so, and puts and deletes can be given
//!   again. What waited behind them fails with them and is not written. [`Overloaded`](CommitError::Overloaded), [`TooLarge`](CommitError::TooLarge) and a full store that
//!   refuses at once have written nothing.
//! * **Everything is bounded**: keys, values and batches ([`Batch`]), what waits, live data, disk, memory ([`Limits`]). What is beyond is refused with a reason, and
//!   [`health`](Store::health) says in which state the store is before callers find out. The last sixteenth of the room is kept for batches
//!   that also delete, for they end what is in progress; batches that only delete are taken by a full store, too, and on a full disk a reserve is given up for them. What is being
//!   written at the moment when the disk becomes full fails all the same, and can be given again.
//! * **Files are not believed.** Every page is verified when a store is opened, every record when it is read. What is damaged is refused with what to do, never repaired by
//!   forgetting it.
//! * **Readers see what is durable**, at one instant, and never a damaged value: each has its own checksum, verified whenever it is read.
//! * **Time is an argument.** Nothing expires by itself: [`tend`](Store::tend) removes what has.
//!
//! ```
//! use std::{ops::ControlFlow, sync::mpsc};
//!
//! use rialto_store::{Batch, Done, EmbeddedStore, KeyRange, Limits, Store, Table};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let store = EmbeddedStore::open(folder, Limits::default())?;
//! let mut batch = Batch::new();
//! batch.put(Table::Operations, "transaction 1", "what is to be done");
//! batch.put(Table::Operations, "transaction 2", "and this");
//! batch.delete(Table::Retries, "transaction 1");
//! let (sender, safe) = mpsc::channel();
//! store.commit(batch, Done::call(move |result| drop(sender.send(result))));
//! safe.recv()??;
//!
//! let mut found = Vec::new();
//! store.scan(Table::Operations, &KeyRange::prefix("transaction "), &mut |key, _| {
//!     found.push(key.to_vec());
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(found, [b"transaction 1", b"transaction 2"]);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod batch;
mod done;
mod embedded;
mod error;
mod expiry;
mod health;
mod offline;
mod range;
mod record;
mod simulated;
mod store;
mod table;

pub use batch::Batch;
pub use done::{Acknowledge, Done};
pub use embedded::{EmbeddedStore, Limits};
pub use error::{CommitError, DumpError, OpenError, ReadError};
pub use health::{Health, Reason};
pub use offline::{CheckReport, DumpReport, TableReport, check, dump, scan};
pub use range::KeyRange;
pub use record::Record;
pub use simulated::{Faults, SimulatedStore};
pub use store::{Store, Usage};
pub use table::Table;
