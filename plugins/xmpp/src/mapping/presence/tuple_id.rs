//! Names of resources and ids of tuples (RFC 8048 §6.2 note 2, RFC 3922 §5.1.1).
//!
//! | resource | id |
//! |---|---|
//! | `dr4hcr0st3lup4c`: ASCII letters, digits, `-`, `_`, `.` | `ID-dr4hcr0st3lup4c` |
//! | any other | `ID.`, and each other byte in hexadecimal: `ID.my_20phone` |
//! | none: the user as such | `bare` |
//!
//! What another gateway has named so is read back; any other id is the name itself.

use std::borrow::Cow;

use rialto_sdk::model::presence::ElementId;

const PLAIN: &str = "ID-";
const ESCAPED: &str = "ID.";
const BARE: &str = "bare";

/// The id of the tuple of a resource.
pub(super) fn of_resource(name: Option<&str>) -> ElementId {
    let id = match name {
        None => BARE.to_owned(),
        Some(name) if name.bytes().all(|byte| byte == b'_' || is_plain(byte)) => {
            [PLAIN, name].concat()
        }
        Some(name) => [ESCAPED, &escape(name)].concat(),
    };
    ElementId::from_text(&id)
}

/// The resource that a tuple stands for.
pub(super) fn resource(id: &str) -> Option<Cow<'_, str>> {
    if id == BARE {
        return None;
    }
    let plain = id.strip_prefix(PLAIN).filter(|name| !name.is_empty());
    if let Some(name) = plain {
        return Some(Cow::Borrowed(name));
    }
    let escaped = id.strip_prefix(ESCAPED).and_then(unescape);
    Some(escaped.map_or(Cow::Borrowed(id), Cow::Owned))
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if is_plain(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("_{byte:02x}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('_');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn ids_are_those_of_the_rfcs_where_they_can_be() {
        assert_eq!(
            of_resource(Some("dr4hcr0st3lup4c")).as_text(),
            "ID-dr4hcr0st3lup4c"
        );
        assert_eq!(resource("ID-dr4hcr0st3lup4c").unwrap(), "dr4hcr0st3lup4c");
        assert_eq!(resource("balcony").unwrap(), "balcony");
        assert_eq!(of_resource(Some("my phone")).as_text(), "ID.my_20phone");
        assert_eq!(of_resource(None).as_text(), "bare");
        assert_eq!(resource("bare"), None);
        for odd in ["ID-", "ID.", "ID._", "ID._0", "ID._zz", "ID._ff"] {
            assert_eq!(resource(odd).unwrap(), odd);
        }
    }

    proptest! {
        #[test]
        fn every_resource_comes_back_from_its_id(name in "\\PC{1,24}") {
            let id = of_resource(Some(&name));
            prop_assert_eq!(resource(id.as_text()).unwrap(), name);
        }
    }
}
