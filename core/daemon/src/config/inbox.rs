//! `[inbox]`: where principals write to rule over their presentities and inboxes.

use rialto_model::InstantInbox;

use super::section::Section;

/// `[inbox]`
#[derive(Debug)]
pub(crate) struct InboxConfig {
    /// Its names; none: there is no such inbox.
    pub(crate) addresses: Vec<InstantInbox>,
    /// `addresses`, with its place, where there are any.
    needs_presence: Option<(String, Option<String>)>,
}

impl InboxConfig {
    /// More would be looked through for each message.
    const MOST_ADDRESSES: usize = 16;

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let place = section.place_of_key("addresses");
        let addresses: Vec<InstantInbox> = section.parsed_list("addresses");
        if addresses.len() > Self::MOST_ADDRESSES {
            let hint = format!("at most {}", Self::MOST_ADDRESSES);
            section.report("addresses", "too many", &hint);
        }
        section.finish();
        Self {
            needs_presence: (!addresses.is_empty()).then_some(place),
            addresses,
        }
    }

    /// The key that means nothing without the presence service, which keeps rules, with its place.
    pub(super) const fn needs_presence(&self) -> Option<&(String, Option<String>)> {
        self.needs_presence.as_ref()
    }
}
