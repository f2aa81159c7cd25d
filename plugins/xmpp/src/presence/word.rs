//! What is asked of the gateway for users of XMPP who watch, and what they are told.

use rialto_sdk::model::{ByteString, Failure};
use rialto_xmpp_codec::{Presence, PresenceType};

use super::{Pair, Shown};
use crate::failures::stanza_error;
use crate::mapping::Resource;

/// What has to be asked of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) pair: Pair,
    pub(crate) is_end: bool,
}

/// Who waits for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The watcher, and what it calls its wish.
    Watcher(Option<ByteString>),
    /// Nobody but this plugin.
    Itself,
}

/// What has to be told to a watcher.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) stanzas: Vec<Word>,
    pub(super) next: Next,
}

/// One stanza that is told to a watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// How far the subscription is.
    Handshake(PresenceType),
    /// What a resource says.
    Resource(Resource),
}

/// What follows when the watcher's server has taken it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Next {
    #[default]
    Nothing,
    Shown(Shown),
    Forgotten,
}

impl Telling {
    /// What is told without consequences.
    pub(super) const fn of(stanzas: Vec<Word>) -> Self {
        Self {
            stanzas,
            next: Next::Nothing,
        }
    }
}

impl Ask {
    pub(super) const fn to_begin(pair: Pair) -> Self {
        Self {
            pair,
            is_end: false,
        }
    }
}

impl Pair {
    /// A word of the user behind the gateway to the one on XMPP.
    pub(super) fn say(
        &self,
        type_: PresenceType,
        id: Option<ByteString>,
        failure: Option<&Failure>,
    ) -> Presence {
        Presence {
            id,
            error: failure.map(stanza_error),
            ..Presence::new(self.user.clone(), self.contact.clone(), type_)
        }
    }

    pub(super) fn farewells(&self, shown: &Shown) -> Vec<Presence> {
        if !shown.is_open() {
            return Vec::new();
        }
        let (gone, _) = shown.change_to(&[]);
        let said = gone.iter().map(|gone| gone.to(&self.user, &self.contact));
        said.flatten().collect()
    }
}
