//! What senders are told later, and what receivers are asked to tell.

use rialto_sdk::prelude::{Deserialize, Error, JsonSchema, Result};

use super::Config;

/// Whether receivers are asked for dispositions, when a message's sender asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "lowercase")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum ImdnUse {
    /// Who refuses message/cpim gets the message plain, at once and for the next hour.
    #[default]
    Try,
    /// Who refuses message/cpim gets no message.
    Always,
    /// Nobody is asked.
    Never,
}

/// The notice of a failure, unless the operator has a better one.
pub(super) const FAILURE_NOTICE: &str =
    "Your message of {time} to {recipient} was not delivered: {reason}.";

/// The longest notice, before the places in it are filled.
const MAX_NOTICE: usize = 500;

impl Config {
    /// Refuses a notice that says nothing, or more than a datagram takes.
    pub(super) fn check_reports(&self) -> Result<()> {
        let notice = &self.failure_notice;
        if notice.trim().is_empty() || notice.len() > MAX_NOTICE {
            let problem = format!("failure_notice: is not of 1 to {MAX_NOTICE} bytes");
            return Err(Error::config(problem));
        }
        let is_subtag =
            |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !self.failure_notice_language.split('-').all(is_subtag) {
            let problem = "failure_notice_language: is no language tag, like `en` or `pt-BR`";
            return Err(Error::config(problem));
        }
        Ok(())
    }
}
