//! Why the demo failed.

use std::{error::Error, io};

/// Says what did not happen as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DemoError {
    /// The system refused something.
    #[error("{what}")]
    Io { what: String, source: io::Error },
    /// A wait is over.
    #[error("{what} did not come within {seconds} s{failures}")]
    Silence {
        what: String,
        seconds: u64,
        failures: String,
    },
    /// Something came, but not what should have.
    #[error("{what} is `{got}` and should be `{expected}`")]
    Differs {
        what: &'static str,
        expected: String,
        got: String,
    },
    /// The gateway or a plugin is not built.
    #[error("{path} is not there; `cargo demo` builds all that is needed")]
    NotBuilt { path: String },
    /// Any other, with what the gateway said last.
    #[error("{}; the gateway's last words:\n{log}", .why.with_causes())]
    Explained { why: Box<Self>, log: String },
    /// The gateway is gone.
    #[error("the gateway has ended by itself")]
    GatewayEnded,
    /// The gateway went, but not in order.
    #[error("the gateway ended with {status}")]
    BadEnd { status: std::process::ExitStatus },
    /// The user wants no more.
    #[error("interrupted")]
    Interrupted,
    /// A SIP message cannot be written.
    #[error("the SIP message cannot be written")]
    Sip(#[source] rialto_sip_codec::EncodeError),
    /// A stanza cannot be written.
    #[error("the stanza cannot be written")]
    Stanza(#[from] rialto_xmpp_codec::WriteError),
    /// An address of a mail is none.
    #[error("an address is no mailbox")]
    Address,
    /// The gateway is not connected to Juliet's server.
    #[error("the gateway is not connected as a component")]
    NoComponent,
}

impl DemoError {
    /// Wraps an error of the system: `.map_err(DemoError::io("cannot …"))`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }

    /// The error and what caused it, in one line.
    pub(crate) fn with_causes(&self) -> String {
        let causes = std::iter::successors(self.source(), |&cause| cause.source());
        causes.fold(self.to_string(), |line, cause| format!("{line}: {cause}"))
    }
}
