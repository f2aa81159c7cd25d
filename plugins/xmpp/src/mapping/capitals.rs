//! Capitals in the local parts of users who are not on XMPP.
//!
//! Servers fold the case of local parts (RFC 7622 §3.3.1), other networks tell `Alice` from `alice`
//! (RFC 3261 §19.1.4). So a capital crosses as a percent escape in lower case: `%41lice`. A text that
//! looks like such an escape gets `25` behind its `%`, as often as it takes to tell them apart:
//!
//! ```text
//! Alice   <->  %41lice
//! %41lice <->  %2541lice
//! 100%    <->  100%
//! ```
//!
//! Every text has one such form, without capitals, and every text without capitals is the form of
//! one.

use std::borrow::Cow;

/// Writes a text so that folding its case changes nothing in ASCII.
pub(super) fn protect(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut protected = String::new();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'A'..=b'Z' => format!("%{byte:02x}"),
            b'%' if Escape::after_percent(bytes, at).is_some() => "%25".to_owned(),
            _ => continue,
        };
        protected.push_str(text.get(done..at).unwrap_or_default());
        protected.push_str(&escape);
        done = at + 1;
    }
    whole(text, protected, done)
}

/// Reads what [`protect`] wrote.
pub(super) fn restore(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut restored = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices('%') {
        let Some(escape) = Escape::after_percent(bytes, at) else {
            continue;
        };
        restored.push_str(text.get(done..at).unwrap_or_default());
        restored.push(match escape {
            Escape::Capital(capital) => char::from(capital),
            Escape::Guarded => '%',
        });
        done = at + ESCAPE;
    }
    whole(text, restored, done)
}

/// Bytes of `%41` and of `%25`.
const ESCAPE: usize = 3;

/// What a `%` begins: in one pattern, `%(25)*(4[1-9a-f]|5[0-9a])`.
enum Escape {
    /// The escape of this letter.
    Capital(u8),
    /// A text like an escape, with one `25` or more in it.
    Guarded,
}

impl Escape {
    fn after_percent(bytes: &[u8], percent: usize) -> Option<Self> {
        let mut rest = bytes.get(percent + 1..)?;
        let mut is_guarded = false;
        while let [b'2', b'5', tail @ ..] = rest {
            (rest, is_guarded) = (tail, true);
        }
        let letter = capital(*rest.first()?, *rest.get(1)?)?;
        Some(if is_guarded {
            Self::Guarded
        } else {
            Self::Capital(letter)
        })
    }
}

/// The letter that two hexadecimal digits in lower case stand for, if it is a capital.
fn capital(high: u8, low: u8) -> Option<u8> {
    let low = match low {
        b'0'..=b'9' => low - b'0',
        b'a'..=b'f' => low - b'a' + 10,
        _ => return None,
    };
    let letter = match high {
        b'4' => 0x40 + low,
        b'5' => 0x50 + low,
        _ => return None,
    };
    letter.is_ascii_uppercase().then_some(letter)
}

/// The text itself if none of it was `done`, else what it has become, with its rest.
fn whole(text: &str, mut begun: String, done: usize) -> Cow<'_, str> {
    if done == 0 {
        return Cow::Borrowed(text);
    }
    begun.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(begun)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{protect, restore};

    #[test]
    fn capital_becomes_an_escape_and_what_looks_like_one_is_told_apart() {
        for (text, protected) in [
            ("", ""),
            ("alice", "alice"),
            ("Alice", "%41lice"),
            ("AZ", "%41%5a"),
            ("100%", "100%"),
            ("%", "%"),
            ("%A", "%%41"),
            ("%4A", "%4%41"),
            ("%41", "%2541"),
            ("%5a", "%255a"),
            ("%2541", "%252541"),
            ("%25", "%25"),
            ("%25A", "%25%41"),
            ("%252", "%252"),
            ("%40%5b%4g%61%24", "%40%5b%4g%61%24"),
            ("%é41", "%é41"),
            ("%25é", "%25é"),
            ("é%4Fé", "é%4%46é"),
        ] {
            assert_eq!(protect(text), protected);
            assert_eq!(restore(protected), text);
        }
    }

    proptest! {
        #[test]
        fn capitals_are_protected_and_come_back(text in r"([A-Za-f%é]|%|25|4|5|1|%25|%4|[\PC])*") {
            let protected = protect(&text);
            prop_assert!(!protected.bytes().any(|byte| byte.is_ascii_uppercase()));
            prop_assert_eq!(restore(&protected), &*text);
        }

        #[test]
        fn text_without_capitals_is_the_form_of_one_text(form in r"([a-f%é]|%|25|4|5|1|%25|%4|[^A-Z\pC])*") {
            prop_assert_eq!(protect(&restore(&form)).into_owned(), form);
        }
    }
}
