//! The tables that a store has.

use std::fmt;

/// A table of the store.
///
/// Each belongs to one part of the gateway, which alone knows what its keys and values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// The journal of operations in progress.
    Operations,
    /// What is to be tried again, and when.
    Retries,
    /// Where a later word about an operation is to be sent.
    Dispositions,
    /// Native identities of messages that were already seen; they expire.
    Identities,
    /// Who watches whom.
    Subscriptions,
    /// Presence information, cached or hosted.
    Presence,
    /// Access, delivery and visibility rules.
    Rules,
}

impl Table {
    /// All tables, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Operations,
        Self::Retries,
        Self::Dispositions,
        Self::Identities,
        Self::Subscriptions,
        Self::Presence,
        Self::Rules,
    ];

    /// The table of this name, as operators write it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// Its name, in files and for operators.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Retries => "retries",
            Self::Dispositions => "dispositions",
            Self::Identities => "identities",
            Self::Subscriptions => "subscriptions",
            Self::Presence => "presence",
            Self::Rules => "rules",
        }
    }

    /// Its number in files; never used again for another table.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Operations => 1,
            Self::Retries => 2,
            Self::Dispositions => 3,
            Self::Identities => 4,
            Self::Subscriptions => 5,
            Self::Presence => 6,
            Self::Rules => 7,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.code() == code)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_found_by_its_name_and_by_its_code() {
        for table in Table::ALL {
            assert_eq!(Table::parse(table.as_str()), Some(table));
            assert_eq!(Table::from_code(table.code()), Some(table));
        }
        assert_eq!(Table::parse("messages"), None);
        assert_eq!(Table::from_code(0), None);
    }
}
