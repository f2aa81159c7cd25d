//! What is taken from those who connect.

use std::time::Duration;

use rialto_email_codec::limits::{DEFAULT_MAX_MESSAGE, DEFAULT_MAX_RECIPIENTS};
use rialto_sdk::{
    config::{ByteSize, Span},
    schemars::JsonSchema,
    serde::Deserialize,
};

use super::ConfigError;

/// Bounds of what comes in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct Limits {
    /// Octets of a message.
    message: ByteSize,
    /// Recipients of a message.
    pub(crate) recipients: usize,
    /// Sessions at a time.
    pub(crate) sessions: usize,
    /// Sessions at a time from one address.
    pub(crate) sessions_per_address: usize,
    /// Octets of messages that are being received, of all sessions together.
    memory: ByteSize,
    /// Messages that wait for their responses.
    pub(crate) inbound_messages: usize,
    /// How long a client may be silent; RFC 5321 §4.5.3.2.7 asks for five minutes.
    idle: Span,
    /// How long a client may take from one message to the end of the next.
    session: Span,
    /// How long a client is kept waiting for the outcome; RFC 5321 §4.5.3.2.6 has it wait for ten minutes.
    answer: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: ByteSize::new(DEFAULT_MAX_MESSAGE),
            recipients: DEFAULT_MAX_RECIPIENTS,
            sessions: 1000,
            sessions_per_address: 100,
            memory: ByteSize::new(256 * 1024 * 1024),
            inbound_messages: 4096,
            idle: Span::new(Duration::from_secs(5 * 60)),
            session: Span::new(Duration::from_secs(15 * 60)),
            answer: Span::new(Duration::from_secs(2 * 60)),
        }
    }
}

impl Limits {
    /// Octets of a message.
    pub(crate) fn message(&self) -> usize {
        self.message.bytes()
    }

    /// Octets of all messages that are being received.
    pub(crate) fn memory(&self) -> usize {
        self.memory.bytes()
    }

    /// How long a client may be silent.
    pub(crate) fn idle(&self) -> Duration {
        self.idle.duration()
    }

    /// How long a client may take from one message to the end of the next.
    pub(crate) fn session(&self) -> Duration {
        self.session.duration()
    }

    /// How long a client is kept waiting for the outcome.
    pub(crate) fn answer(&self) -> Duration {
        self.answer.duration()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let counts = [
            self.message(),
            self.recipients,
            self.sessions,
            self.sessions_per_address,
            self.memory(),
            self.inbound_messages,
        ];
        let times = [self.idle(), self.session(), self.answer()];
        if counts.contains(&0) || times.iter().any(Duration::is_zero) {
            return Err(ConfigError::Zero);
        }
        Ok(())
    }
}
