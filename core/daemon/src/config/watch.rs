//! `[adapters.NAME.watch]`: what the gateway expects to see of an adapter.

use std::time::Duration;

use rialto_model::InstantInbox;

use super::section::Section;

/// `[adapters.NAME.watch]`
#[derive(Debug, Default)]
pub(crate) struct WatchConfig {
    /// How long nothing may come from its network, and nothing be delivered to it.
    pub(crate) quiet: Option<Duration>,
    pub(crate) canary: Option<CanaryConfig>,
}

/// A message that the gateway sends to see whether it arrives.
#[derive(Clone, Debug)]
pub(crate) struct CanaryConfig {
    pub(crate) from: InstantInbox,
    pub(crate) to: InstantInbox,
    pub(crate) every: Duration,
    /// The key of `to`, with dots, and where it stands.
    pub(crate) key: String,
    pub(crate) place: Option<String>,
}

impl WatchConfig {
    const EVERY: Duration = Duration::from_secs(60);
    const LEAST: Duration = Duration::from_secs(1);

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let quiet = Self::time(&mut section, "quiet");
        let every = Self::time(&mut section, "canary_every");
        let inbox = |section: &mut Section<'_>, key| {
            let text: Option<String> = section.value(key);
            match InstantInbox::parse(&text?) {
                Ok(inbox) => Some(inbox),
                Err(error) => {
                    section.report(
                        key,
                        error.to_string(),
                        "an address: \"im:canary@example.com\"",
                    );
                    None
                }
            }
        };
        let (has_from, has_to) = (
            section.contains("canary_from"),
            section.contains("canary_to"),
        );
        let from = inbox(&mut section, "canary_from");
        let to = inbox(&mut section, "canary_to");
        if has_from != has_to {
            let there = if has_from { "canary_from" } else { "canary_to" };
            section.report(
                there,
                "is half of a canary",
                "set canary_from and canary_to",
            );
        }
        let (key, place) = section.place_of_key("canary_to");
        section.finish();
        let canary = from.zip(to).map(|(from, to)| CanaryConfig {
            from,
            to,
            every: every.unwrap_or(Self::EVERY),
            key,
            place,
        });
        Self { quiet, canary }
    }

    fn time(section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
        let time = section.duration(key)?;
        if time >= Self::LEAST {
            return Some(time);
        }
        section.report(key, "out of range", "at least 1s");
        None
    }
}
