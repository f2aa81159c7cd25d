//! Keys from one to another.

use std::ops::{Bound, RangeBounds};

/// A range of keys, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    start: Bound<Vec<u8>>,
    end: Bound<Vec<u8>>,
}

/// What the engines take for a range.
type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

impl KeyRange {
    /// All keys.
    pub const fn all() -> Self {
        Self {
            start: Bound::Unbounded,
            end: Bound::Unbounded,
        }
    }

    /// The keys that begin so.
    pub fn prefix(prefix: impl AsRef<[u8]>) -> Self {
        let prefix = prefix.as_ref();
        Self {
            start: Bound::Included(prefix.to_vec()),
            end: after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded),
        }
    }

    /// The keys between two; none, when the first comes after the second.
    pub fn between<K: AsRef<[u8]>>(range: impl RangeBounds<K>) -> Self {
        let own = |bound: Bound<&K>| bound.map(|key| key.as_ref().to_vec());
        let (start, end) = (own(range.start_bound()), own(range.end_bound()));
        Self { start, end }
    }

    /// Its bounds; none, when no key can be between them.
    pub(crate) fn bounds(&self) -> Option<Bounds<'_>> {
        use Bound::{Excluded, Included};
        match (&self.start, &self.end) {
            (Included(start), Included(end)) if start > end => return None,
            (Included(start) | Excluded(start), Excluded(end))
            | (Excluded(start), Included(end))
                if start >= end =>
            {
                return None;
            }
            _ => {}
        }
        let start = self.start.as_ref().map(Vec::as_slice);
        Some((start, self.end.as_ref().map(Vec::as_slice)))
    }
}

/// The first key after all that begin so; none, when there is no end to them.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut after: Vec<u8> = prefix.iter().copied().take(last + 1).collect();
    if let Some(byte) = after.last_mut() {
        *byte += 1;
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(range: &KeyRange, key: &[u8]) -> bool {
        range
            .bounds()
            .is_some_and(|bounds| RangeBounds::<[u8]>::contains(&bounds, key))
    }

    proptest! {
        #[test]
        fn prefix_holds_what_begins_so_and_nothing_else(
            prefix in prop::collection::vec(prop_oneof![Just(0), Just(254), Just(255), any::<u8>()], 0..4),
            key in prop::collection::vec(prop_oneof![Just(0), Just(254), Just(255), any::<u8>()], 0..6),
        ) {
            prop_assert_eq!(holds(&KeyRange::prefix(&prefix), &key), key.starts_with(&prefix));
        }

        #[test]
        fn range_holds_what_is_between(start: Vec<u8>, end: Vec<u8>, key: Vec<u8>) {
            let (range, between) = (KeyRange::between(start.clone()..end.clone()), start <= key && key < end);
            prop_assert_eq!(holds(&range, &key), between);
            let (range, between) = (KeyRange::between(start.clone()..=end.clone()), start <= key && key <= end);
            prop_assert_eq!(holds(&range, &key), between);
        }
    }
}
