//! The stream that one version of this plugin leaves to the next: its connection, and how far it is read.
//!
//! A server has a component once, and answers for one that is away with errors. So the next version goes on where the last one has stopped to read:
//! what comes between the two waits in the connection.

use std::os::fd::OwnedFd;

use rialto_sdk::Legacy;

use crate::config::Config;

/// How far a stream is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// What the server has sent up to the end of the handshake: it says what the stream's prefixes mean.
    pub(crate) opening: Vec<u8>,
    /// The begin of a stanza whose end has not come yet.
    pub(crate) begun: Vec<u8>,
}

/// A stream of an earlier version.
#[derive(Debug)]
pub(crate) struct Inherited {
    pub(crate) connection: OwnedFd,
    pub(crate) read: Read,
}

/// The first byte of the state: its form. A later one is not read, and the stream is closed.
const FORM: u8 = 1;

impl Read {
    /// Takes what follows the last whole stanza, or goes on with what has begun.
    pub(crate) fn go_on(&mut self, bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
        // Between stanzas it keeps the connection alive, and means nothing.
        if self.begun.iter().all(u8::is_ascii_whitespace) {
            self.begun.clear();
        }
    }
}

/// What is left to the next version; `None` if it is too much.
pub(crate) fn legacy(connection: OwnedFd, read: &Read, config: &Config) -> Option<Legacy> {
    let [endpoint, domain] = whose(config);
    let mut state = vec![FORM];
    for part in [endpoint, domain, &read.opening, &read.begun] {
        state.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
        state.extend_from_slice(part);
    }
    Legacy::new(connection, state)
}

/// The stream that an earlier version has left, if it is the one that this configuration speaks of.
pub(crate) fn inherited(legacy: Legacy, config: &Config) -> Option<Inherited> {
    let mut state = legacy.state();
    if take(&mut state, 1)? != [FORM] {
        return None;
    }
    let mut part = || {
        let (len, _) = take(&mut state, size_of::<u32>())?.split_first_chunk()?;
        take(&mut state, u32::from_be_bytes(*len) as usize)
    };
    if [part()?, part()?] != whose(config) {
        return None;
    }
    let read = Read {
        opening: part()?.to_vec(),
        begun: part()?.to_vec(),
    };
    Some(Inherited {
        connection: legacy.into_connection(),
        read,
    })
}

fn whose(config: &Config) -> [&[u8]; 2] {
    [
        config.endpoint().as_bytes(),
        config.domain().as_str().as_bytes(),
    ]
}

fn take<'a>(from: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(count)?;
    *from = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use rialto_sdk::serde_json::{from_value, json};

    use super::*;

    fn config(domain: &str) -> Config {
        from_value(json!({ "domain": domain, "secret": "s" })).unwrap()
    }

    fn connection() -> OwnedFd {
        UnixStream::pair().unwrap().0.into()
    }

    fn left(state: &[u8]) -> Option<Read> {
        let legacy = Legacy::new(connection(), state.to_vec()).unwrap();
        inherited(legacy, &config("sip.example.com")).map(|inherited| inherited.read)
    }

    proptest! {
        #[test]
        fn stream_is_read_on_where_it_was_left(
            opening in vec(any::<u8>(), 0..40),
            begun in vec(any::<u8>(), 0..40),
        ) {
            let read = Read { opening, begun };
            let own = config("sip.example.com");
            let legacy = legacy(connection(), &read, &own).unwrap();
            let state = legacy.state().to_vec();
            prop_assert_eq!(left(&state), Some(read));
            let cut = state.len() - 1;
            prop_assert!(left(&state[..cut]).is_none(), "a part is none");
            prop_assert!(inherited(legacy, &config("other.example.com")).is_none(), "another's");
        }

        #[test]
        fn whatever_was_left_is_read_or_not_and_never_a_panic(state in vec(0..4_u8, 0..40)) {
            prop_assert!(left(&state).is_none());
        }
    }

    #[test]
    fn white_space_between_stanzas_is_not_kept() {
        let mut read = Read::default();
        read.go_on(b" \n");
        assert_eq!(read.begun, b"");
        read.go_on(b" <mes");
        read.go_on(b"sage ");
        assert_eq!(read.begun, b" <message ");
    }
}
