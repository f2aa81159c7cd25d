//! Names of plugins.

use std::{fmt, str::FromStr};

/// The name of a plugin: lower-case letters, digits and single hyphens, a letter first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PluginName(String);

impl PluginName {
    const MAX_LEN: usize = 40;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a part of identifiers.
    pub(super) fn snake_case(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As the beginning of a type's name.
    pub(super) fn camel_case(&self) -> String {
        let mut is_first = true;
        let capital = |c: char| {
            let written = match (is_first, c) {
                (_, '-') => None,
                (true, c) => Some(c.to_ascii_uppercase()),
                (false, c) => Some(c),
            };
            is_first = c == '-';
            written
        };
        self.0.chars().filter_map(capital).collect()
    }
}

impl FromStr for PluginName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            let belongs = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !word.is_empty() && word.chars().all(belongs)
        };
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        match begins && text.len() <= Self::MAX_LEN && text.split('-').all(is_word) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "`{}` is no name of a plugin: write a word in lower case, like `my-net`, of at most {} letters",
                text.escape_debug(),
                Self::MAX_LEN
            )),
        }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_that_fit_into_identifiers() {
        let name: PluginName = "my-net2".parse().unwrap();
        assert_eq!(
            (name.camel_case(), name.snake_case()),
            ("MyNet2".into(), "my_net2".into())
        );
    }

    #[test]
    fn names_that_fit_nowhere_are_refused() {
        let long = "a".repeat(PluginName::MAX_LEN + 1);
        for wrong in [
            "", "My", "2net", "-a", "a-", "a--b", "a/b", "..", "a b", &long,
        ] {
            assert!(wrong.parse::<PluginName>().is_err(), "{wrong:?}");
        }
    }
}
