//! What the gateway keeps of a subscription from XMPP, so that its watcher can be told later.

use rialto_sdk::model::ByteString;

use super::Pair;

/// Who is told, of whom, and what was asked.
///
/// Kept with the subscription, also over a restart, and maybe read by a later version of this plugin: its form is for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) wish: Wish,
    /// Who is told, as who asked is addressed: a user, or a device that has sent a probe.
    pub(crate) watcher: ByteString,
    /// Of whom, as XMPP knows that user.
    pub(crate) target: ByteString,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To be told from now on.
    Subscribe,
    /// To be told once.
    Fetch,
    /// To be told no more: what is told after that, or if it is taken for a fetch as nothing was there, is for nobody.
    End,
}

/// Between the fields: a character that XML 1.0 cannot carry, so that it is in none of them.
const BETWEEN: char = '\u{1f}';

/// The longest form that is handed to the gateway, in bytes.
const MAX_LEN: usize = 4096;

impl Reference {
    /// The kept form; `None` if it is longer than the gateway keeps.
    pub(crate) fn keep(&self) -> Option<ByteString> {
        let kept = format!(
            "{}{BETWEEN}{}{BETWEEN}{}",
            self.wish.word(),
            self.watcher,
            self.target
        );
        (kept.len() <= MAX_LEN).then(|| kept.into())
    }

    /// Reads the kept form.
    pub(crate) fn read(kept: &ByteString) -> Option<Self> {
        let mut parts = kept.splitn(3, BETWEEN);
        let (wish, watcher, target) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            wish: Wish::read(wish)?,
            watcher: kept.slice_ref(watcher),
            target: kept.slice_ref(target),
        })
    }

    /// Whom it is about.
    pub(crate) fn pair(&self) -> Option<Pair> {
        Pair::of(Some(&self.watcher), Some(&self.target))
    }
}

impl Wish {
    const fn word(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Fetch => "probe",
            Self::End => "unsubscribe",
        }
    }

    fn read(word: &str) -> Option<Self> {
        let all = [Self::Subscribe, Self::Fetch, Self::End];
        all.into_iter().find(|wish| wish.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    proptest! {
        #[test]
        fn reference_is_read_as_it_was_kept(
            wish in prop_oneof![Just(Wish::Subscribe), Just(Wish::Fetch), Just(Wish::End)],
            watcher in "[ -\u{D7FF}]{0,40}",
            target in "[ -\u{D7FF}]{0,40}",
        ) {
            let reference = Reference { wish, watcher: watcher.into(), target: target.into() };
            prop_assert_eq!(Reference::read(&reference.keep().unwrap()), Some(reference));
        }

        #[test]
        fn whatever_else_was_kept_is_read_or_not_and_never_a_panic(kept in "(subscribe|probe|x)?[a\u{1f}]{0,6}") {
            let mut parts = kept.split(BETWEEN);
            let is_one = parts.next().and_then(Wish::read).is_some() && parts.count() >= 2;
            prop_assert_eq!(Reference::read(&kept.into()).is_some(), is_one);
        }
    }

    #[test]
    fn reference_that_is_too_long_is_not_kept() {
        let of = |len: usize| Reference {
            wish: Wish::Subscribe,
            watcher: "a".repeat(len).into(),
            target: "b".into(),
        };
        let rest = of(0).keep().unwrap().len();
        assert!(of(MAX_LEN - rest).keep().is_some());
        assert_eq!(of(MAX_LEN - rest + 1).keep(), None);
    }
}
