//! What a plugin's network can carry.

use std::fmt;

/// What a plugin's network can carry, as its manifest has it; what is not said is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(Vec<Capability>);

/// One thing that a plugin's network can carry, or the bound of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// Content of this type; `*` stands for any.
    Content(String),
    /// What it reports of a message.
    Receipt(String),
    /// What it can do with presence.
    Presence(String),
    /// The most of something.
    #[non_exhaustive]
    Limit {
        /// Of what.
        what: String,
        /// How much.
        most: u64,
    },
    /// What a later gateway knows.
    Other(String),
}

impl Capabilities {
    /// More than any network has.
    const MAX: usize = 64;

    /// Reads a manifest's list.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim);
        let read: Vec<_> = words
            .filter(|word| !word.is_empty())
            .map(Capability::read)
            .collect::<Result<_, _>>()?;
        match read.len() > Self::MAX {
            true => Err(format!("it names more than {} capabilities", Self::MAX)),
            false => Ok(Self(read)),
        }
    }

    /// All of them, in the plugin's order.
    pub fn iter(&self) -> impl Iterator<Item = &Capability> {
        self.0.iter()
    }

    /// Whether the plugin says nothing.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Capability {
    fn read(text: &str) -> Result<Self, String> {
        let none = || format!("`{text}` is no capability");
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        Ok(match *words.as_slice() {
            ["content", what] if is_type(what) => Self::Content(what.to_ascii_lowercase()),
            ["receipt", what] => Self::Receipt(what.to_owned()),
            ["presence", what] => Self::Presence(what.to_owned()),
            ["limit", what, most] => Self::Limit {
                what: what.to_owned(),
                most: most.parse().map_err(|_| none())?,
            },
            ["content" | "receipt" | "presence" | "limit", ..] => return Err(none()),
            _ => Self::Other(text.to_owned()),
        })
    }
}

/// As a manifest has it.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(what) => write!(f, "content {what}"),
            Self::Receipt(what) => write!(f, "receipt {what}"),
            Self::Presence(what) => write!(f, "presence {what}"),
            Self::Limit { what, most } => write!(f, "limit {what} {most}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn is_type(text: &str) -> bool {
    let is_token = |token: &str| {
        let belongs = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&byte);
        !token.is_empty() && token.bytes().all(belongs)
    };
    let halves = text.split_once('/');
    halves.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_and_written_as_they_stand() {
        let list = "content text/*,receipt delivered, presence watches,limit content 65536";
        let read = Capabilities::read(list).unwrap();
        let most = 65_536;
        let what = "content".to_owned();
        let expected = [
            Capability::Content("text/*".into()),
            Capability::Receipt("delivered".into()),
            Capability::Presence("watches".into()),
            Capability::Limit { what, most },
        ];
        assert!(read.iter().eq(&expected));
        let written: Vec<_> = read.iter().map(ToString::to_string).collect();
        assert_eq!(Capabilities::read(&written.join(",")), Ok(read));
        assert!(Capabilities::read("").unwrap().is_empty());
    }

    #[test]
    fn capability_of_a_later_contract_is_kept_and_not_refused() {
        let read = Capabilities::read("smell roses").unwrap();
        assert!(read.iter().eq(&[Capability::Other("smell roses".into())]));
    }

    #[test]
    fn what_is_no_capability_is_refused_and_quoted() {
        let long = ["receipt x"; Capabilities::MAX + 1].join(",");
        for text in [
            "content text",
            "limit content",
            "limit content x",
            "receipt",
            "receipt a b",
        ] {
            let error = Capabilities::read(text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
        assert!(Capabilities::read(&long).is_err());
    }
}
