//! Adapters in processes of their own.
//!
//! The same library, opened by the same code, in a child that is this program again. Each end trusts the other as far as it must: the gateway
//! believes nothing that a child says, and bounds all that it may ask for; a child lives as long as its gateway.
//!
//! | module | where | what |
//! |---|---|---|
//! | `frame`, `operations`, `refusals` | both | what the two write to each other |
//! | `inbox`, `outbox` | both | the two ends of a socket |
//! | `plan`, `process`, `words`, `pulse`, `life` | gateway | one process, from its start to its end |
//! | `link` | gateway | the calls that are on their way to one process and back |
//! | `remote`, `shared`, `supervisor` | gateway | an adapter over all its processes |
//! | `sandbox` | child | what it gives up |
//! | `serve`, `upstream` | child | one adapter, and the gateway as it sees it |

mod frame;
mod fuzz;
mod inbox;
mod life;
mod link;
mod operations;
mod outbox;
mod plan;
mod process;
mod pulse;
mod refusals;
mod remote;
mod sandbox;
mod serve;
mod shared;
mod supervisor;
mod upstream;
mod words;

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf, time::Duration};

#[doc(hidden)]
pub use fuzz::read_frames;
pub(crate) use operations::LentOperation;
pub(crate) use plan::Plan;
pub use process::Program;
pub(crate) use remote::{Remote, Waiting, Way};
pub use serve::run;

/// What both ends begin with: whoever else may write to the socket would not.
const MARK: u64 = u64::from_le_bytes(*b"rialto\0\x01");
/// The ticket of the call to start; those of other calls are larger.
const START: u64 = 0;
/// More files and folders than an operator names.
const MAX_READABLE: usize = 256;
/// The most submissions of a child that wait for an answer.
const MAX_SUBMISSIONS: usize = 16_384;
/// The most bytes that they have together.
const MAX_SUBMITTED: usize = 64 << 20;

/// How an adapter is run in a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    program: Program,
    memory: u64,
    readable: Vec<PathBuf>,
    silence: Duration,
    failures: usize,
    window: Duration,
}

impl Isolation {
    /// Memory that is enough for every adapter that we know.
    pub const MEMORY: u64 = 1 << 30;
    /// How long a process may be deaf.
    pub const SILENCE: Duration = Duration::from_secs(10);
    /// So many failures within [`WINDOW`](Self::WINDOW) are one too many.
    pub const FAILURES: usize = 5;
    /// How long a failure counts.
    pub const WINDOW: Duration = Duration::from_secs(60);

    /// Runs the adapter in this program, with the usual limits.
    pub const fn new(program: Program) -> Self {
        Self {
            program,
            memory: Self::MEMORY,
            readable: Vec::new(),
            silence: Self::SILENCE,
            failures: Self::FAILURES,
            window: Self::WINDOW,
        }
    }

    /// Sets the most memory that the process may have, in bytes; with more it is ended.
    pub const fn with_memory(mut self, memory: u64) -> Self {
        self.memory = memory;
        self
    }

    /// Names files and folders that the process may read beside its library and the system's: certificates, keys.
    pub fn with_readable(mut self, paths: &[PathBuf]) -> Self {
        paths.clone_into(&mut self.readable);
        self
    }

    /// Sets how long the process may do nothing that it is told before it is ended.
    pub const fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Sets how many failures within which time disable the adapter.
    pub const fn with_failures(mut self, failures: usize, window: Duration) -> Self {
        self.failures = failures;
        self.window = window;
        self
    }
}

/// A path as it was sent.
fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}
