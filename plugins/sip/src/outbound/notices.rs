//! What a sender is told in words: that a message was not delivered.

use rialto_sdk::{
    model::DispositionOperation,
    prelude::{Failure, FailureReason},
};
use time::macros::format_description;

use crate::{
    config::Config,
    mapping::{got_at, sip_uri},
};

/// The operator's words.
#[derive(Debug)]
pub(super) struct Notices {
    text: String,
    language: String,
}

impl Notices {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            text: config.failure_notice.clone(),
            language: config.failure_notice_language.clone(),
        }
    }

    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// The text for a failure: whom the message was for, when it came, and why it went no further, in our words alone.
    pub(super) fn text(&self, report: &DispositionOperation) -> String {
        let reason = report.failure();
        let reason = reason.map_or(FailureReason::Refused, Failure::reason);
        let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
        let came = got_at(report).and_then(|came| came.format(format).ok());
        self.text
            .replace("{recipient}", &sip_uri(report.source()))
            .replace("{time}", &came.unwrap_or_default())
            .replace("{reason}", reason.text())
    }
}
