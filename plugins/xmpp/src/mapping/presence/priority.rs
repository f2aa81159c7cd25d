//! Priorities: -128 to 127, and 0 to 1 in thousandths (RFC 8048 §6.2 note 6, RFC 3922 §5.1.7 and §5.2.13).

use rialto_sdk::model::presence::Priority;

/// What stands for 1.
const MOST: u16 = 127;

/// The priority of a contact; a negative one has no counterpart.
pub(super) fn of_contact(priority: i8) -> Option<Priority> {
    let priority = u16::try_from(priority).ok()?;
    Priority::from_thousandths(thousandths(priority)).ok()
}

/// The priority of a resource: the least whose own counterpart is no less, and 127 for 1 alone.
pub(super) fn of_resource(priority: Priority) -> i8 {
    let is_enough = |of: &u16| thousandths(*of) >= priority.thousandths();
    let found = (0..MOST).find(is_enough).unwrap_or(MOST - 1);
    let found = if priority.thousandths() == 1000 {
        MOST
    } else {
        found
    };
    i8::try_from(found).unwrap_or(i8::MAX)
}

const fn thousandths(priority: u16) -> u16 {
    // As a product of 32 bits: 127,000 does not fit into 16.
    (priority as u32 * 1000 / MOST as u32) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8048 §6.2 note 6, RFC 3922 §5.1.7 and §5.2.13.
    #[test]
    fn priorities_are_mapped_as_both_rfcs_suggest() {
        for (xmpp, pidf) in [(0, 0), (1, 7), (2, 15), (13, 102), (126, 992), (127, 1000)] {
            assert_eq!(of_contact(xmpp).unwrap().thousandths(), pidf);
        }
        for (pidf, xmpp) in [
            (0, 0),
            (1, 1),
            (7, 1),
            (8, 2),
            (15, 2),
            (992, 126),
            (999, 126),
            (1000, 127),
        ] {
            let priority = Priority::from_thousandths(pidf).unwrap();
            assert_eq!(of_resource(priority), xmpp, "{pidf}");
        }
    }

    #[test]
    fn every_priority_comes_back_as_it_was_and_a_negative_one_is_not_mapped() {
        for priority in 0..=i8::MAX {
            assert_eq!(of_resource(of_contact(priority).unwrap()), priority);
        }
        assert_eq!(of_contact(-1), None);
        assert_eq!(of_contact(i8::MIN), None);
    }
}
