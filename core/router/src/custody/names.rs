//! Under which names messages are handed on.

use std::{fmt, hash::Hasher};

use rialto_model::{InstantInbox, TransactionId};
use siphasher::sip128::{Hasher128, SipHasher24};

/// A secret by which messages are named that have an identity of their own network.
///
/// With the same secret, what comes again has the name that it had, also for a gateway that has forgotten it, or never knew: the
/// far side can tell. Without the secret nobody can say what a message will be called, so the names are as good as random
/// ones (draft-ietf-impp-cpim-03 §2.4).
#[derive(Clone)]
pub struct NamingKey([u8; Self::LEN]);

impl NamingKey {
    /// Its length in bytes.
    pub const LEN: usize = 16;

    /// Takes a secret, which has to be random.
    pub const fn new(secret: [u8; Self::LEN]) -> Self {
        Self(secret)
    }

    /// The name of a message by what its network calls it, who brought it, and between whom it goes.
    pub(super) fn name(
        &self,
        adapter: &str,
        [source, destination]: [&InstantInbox; 2],
        identity: &str,
    ) -> Option<TransactionId> {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in [adapter, source.as_str(), destination.as_str(), identity] {
            hasher.write(part.as_bytes());
            hasher.write_u8(END); // of no text
        }
        TransactionId::parse(hexadecimal(hasher.finish128().as_u128()).as_flattened()).ok()
    }
}

const END: u8 = 0xff;

/// By hand, since it is done for each message: the library's way takes three times as long.
fn hexadecimal(number: u128) -> [[u8; 2]; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    number
        .to_be_bytes()
        .map(|byte| [byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)]))
}

impl fmt::Debug for NamingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn number_is_written_as_the_library_writes_it() {
        for number in [0, 1, 0x0123_4567_89ab_cdef, u128::MAX, u128::MAX / 3 * 2] {
            let digits = hexadecimal(number).concat();
            assert_eq!(String::from_utf8(digits).unwrap(), format!("{number:032x}"));
        }
    }

    #[test]
    fn cpim_2_4_transid_name_hangs_on_the_secret_and_on_all_that_tells_messages_apart() {
        fn inbox(address: &str) -> InstantInbox {
            InstantInbox::parse(address).unwrap()
        }
        let name = |secret: u8, adapter, [source, destination]: [&str; 2], identity| {
            let ends = [&inbox(source), &inbox(destination)];
            let key = NamingKey::new([secret; NamingKey::LEN]);
            key.name(adapter, ends, identity).unwrap().to_string()
        };
        let ends = ["im:a@a.example", "im:b@b.example"];
        let names = [
            name(1, "sip", ends, "c1"),
            name(2, "sip", ends, "c1"),
            name(1, "si", ends, "c1"),
            name(1, "sip", ["im:b@b.example", "im:a@a.example"], "c1"),
            name(1, "sip", ["im:a@a.example", "im:c@b.example"], "c1"),
            name(1, "sip", ends, "c2"),
        ];
        assert_eq!(name(1, "sip", ends, "c1"), names[0]);
        assert_eq!(names[0].len(), 32);
        assert_eq!(HashSet::from(names.clone()).len(), names.len());
    }
}
