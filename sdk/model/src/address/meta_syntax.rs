//! What an address says besides its user, in a local part.

use std::borrow::Cow;

/// Reads and writes local parts that say more than a user: `+12015550123/ext=22/user=phone`.
///
/// This is the meta-syntax of RFC 2846: after the user, `/keyword=value` for each thing that is known. A plugin names the
/// keywords of its network; what has another keyword, or one in another case, is a part of the user.
///
/// Texts and qualified users stand for each other one to one, in both directions and without exception: each text that is
/// not empty is read, and written again as it was. So a plugin takes any inbox to its network and back, also one that
/// only looks as if it had a qualifier. Where a user or a value holds `/keyword=` itself, the `/` is written `%2f`, and the
/// `%` of a `%2f` there `%25`; nothing else is changed. No capital is written, since some networks fold case.
///
/// ```
/// use rialto_model::{MetaSyntax, QualifiedUser};
///
/// const NUMBER: MetaSyntax = MetaSyntax::new(&["ext", "user"]);
/// let number = QualifiedUser::new("+12015550123").with("user", "phone").with("ext", "22");
/// let local_part = NUMBER.write(&number);
/// assert_eq!(local_part, "+12015550123/ext=22/user=phone");
/// assert_eq!(NUMBER.read(&local_part), number);
/// assert_eq!(NUMBER.read("fred/nick=f"), QualifiedUser::new("fred/nick=f"));
/// ```
///
/// draft-ietf-impp-cpim-03 appendix E.1, RFC 2846 §2 and §3.
#[derive(Clone, Copy, Debug)]
pub struct MetaSyntax {
    keywords: &'static [&'static str],
}

/// A user, and what its address says besides.
///
/// Two are equal when they say the same, in whatever order it was said.
#[derive(Clone, Debug, Eq)]
pub struct QualifiedUser<'a> {
    user: Cow<'a, str>,
    qualifiers: Vec<(&'static str, Cow<'a, str>)>,
}

impl MetaSyntax {
    /// Takes the keywords in the order in which they are written: lower-case letters, digits and `-`.
    ///
    /// # Panics
    /// When a keyword is none, at compile time if this is a constant.
    pub const fn new(keywords: &'static [&'static str]) -> Self {
        let mut rest = keywords;
        while let [keyword, others @ ..] = rest {
            assert!(is_keyword(keyword.as_bytes()), "not a keyword");
            rest = others;
        }
        Self { keywords }
    }

    /// Reads a local part as it is meant, neither quoted nor encoded. Borrows where nothing was escaped.
    pub fn read<'a>(&self, local_part: &'a str) -> QualifiedUser<'a> {
        let mut user = Cow::Borrowed(local_part);
        let mut qualifiers = Vec::new();
        for keyword in self.keywords.iter().copied().rev() {
            let (rest, value) = match user {
                Cow::Borrowed(text) => split(text, keyword),
                Cow::Owned(text) => {
                    let (rest, value) = split(&text, keyword);
                    let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
                    (owned(rest), value.map(owned))
                }
            };
            user = rest;
            qualifiers.extend(value.map(|value| (keyword, value)));
        }
        QualifiedUser { user, qualifiers }
    }

    /// Writes the local part of a user; qualifiers of other keywords are left out.
    pub fn write(&self, user: &QualifiedUser<'_>) -> String {
        let mut text = user.user.clone().into_owned();
        for keyword in self.keywords {
            match user.qualifier(keyword) {
                None => text = shifted(text, keyword),
                Some(value) => {
                    text.extend(["/", keyword, "="]);
                    text.push_str(&shift(value, keyword, Place::Value, Shift::Up));
                }
            }
        }
        text
    }
}

impl<'a> QualifiedUser<'a> {
    /// A user of whom nothing more is said, and whose name is not empty: no local part is.
    pub fn new(user: impl Into<Cow<'a, str>>) -> Self {
        Self {
            user: user.into(),
            qualifiers: Vec::new(),
        }
    }

    /// Says a thing, or says it anew; an empty value says nothing.
    pub fn with(mut self, keyword: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        let value = value.into();
        self.qualifiers.retain(|(other, _)| *other != keyword);
        if !value.is_empty() {
            self.qualifiers.push((keyword, value));
        }
        self
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What is said under a keyword.
    pub fn qualifier(&self, keyword: &str) -> Option<&str> {
        self.qualifiers
            .iter()
            .find(|(other, _)| *other == keyword)
            .map(|(_, value)| &**value)
    }
}

impl PartialEq for QualifiedUser<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user
            && self.qualifiers.len() == other.qualifiers.len()
            && self
                .qualifiers
                .iter()
                .all(|(keyword, value)| other.qualifier(keyword) == Some(value))
    }
}

/// Where `/keyword=` or its escaped form stands in a text.
struct Mark {
    /// Where the `/` is, or the `%`.
    start: usize,
    /// Where the keyword is.
    keyword: usize,
    /// How often it is escaped: 0 for `/`, 1 for `%2f`, 2 for `%252f`.
    level: usize,
}

/// What a text is: the user may not be empty, so a mark at its very beginning is none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    User,
    Value,
}

#[derive(Clone, Copy)]
enum Shift {
    Up,
    Down,
}

const ESCAPED_SLASH: &str = "2f";
const ESCAPED_PERCENT: &str = "25";

/// Takes the last `/keyword=value` off; what is left is as it stood then, else unescaped.
fn split<'a>(text: &'a str, keyword: &str) -> (Cow<'a, str>, Option<Cow<'a, str>>) {
    let last = marks(text, keyword, Place::User)
        .filter(|mark| mark.level == 0)
        .last();
    let Some(mark) = last else {
        return (shift(text, keyword, Place::User, Shift::Down), None);
    };
    let rest = text.get(..mark.start).unwrap_or_default();
    let value = text
        .get(mark.keyword + keyword.len() + 1..)
        .unwrap_or_default();
    let value = shift(value, keyword, Place::Value, Shift::Down);
    (Cow::Borrowed(rest), Some(value))
}

fn shifted(text: String, keyword: &str) -> String {
    match shift(&text, keyword, Place::User, Shift::Up) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    }
}

/// Escapes each mark once more, or once less. Going down, no mark is left that is not escaped.
fn shift<'a>(text: &'a str, keyword: &str, place: Place, direction: Shift) -> Cow<'a, str> {
    let (mut shifted, mut done) = (String::new(), 0);
    for mark in marks(text, keyword, place) {
        shifted.push_str(text.get(done..mark.start).unwrap_or_default());
        let level = match direction {
            Shift::Up => mark.level + 1,
            Shift::Down => mark.level.saturating_sub(1),
        };
        push_slash(&mut shifted, level);
        done = mark.keyword;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shifted.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(shifted)
}

fn push_slash(out: &mut String, level: usize) {
    let Some(percents) = level.checked_sub(1) else {
        return out.push('/');
    };
    out.push('%');
    out.extend(std::iter::repeat_n(ESCAPED_PERCENT, percents));
    out.push_str(ESCAPED_SLASH);
}

/// Finds the marks that a value follows, from the left; no two overlap.
fn marks<'a>(text: &'a str, keyword: &'a str, place: Place) -> impl Iterator<Item = Mark> + 'a {
    let equals = memchr::memchr_iter(b'=', text.as_bytes());
    equals.filter_map(move |equals| {
        let before = text.get(..equals)?.strip_suffix(keyword)?;
        let (start, level) = slash_before(before)?;
        let is_first = start == 0 && place == Place::User;
        let has_value = equals + 1 < text.len();
        (has_value && !is_first).then_some(Mark {
            start,
            keyword: before.len(),
            level,
        })
    })
}

/// Where the slash begins that a text ends with, and how often it is escaped.
fn slash_before(text: &str) -> Option<(usize, usize)> {
    if let Some(rest) = text.strip_suffix('/') {
        return Some((rest.len(), 0));
    }
    let mut rest = text.strip_suffix(ESCAPED_SLASH)?;
    let mut level = 1;
    while let Some(shorter) = rest.strip_suffix(ESCAPED_PERCENT) {
        rest = shorter;
        level += 1;
    }
    Some((rest.strip_suffix('%')?.len(), level))
}

const fn is_keyword(mut text: &[u8]) -> bool {
    let is_empty = text.is_empty();
    while let [byte, rest @ ..] = text {
        if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-') {
            return false;
        }
        text = rest;
    }
    !is_empty
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SYNTAX: MetaSyntax = MetaSyntax::new(&["ext", "user"]);

    fn user<'a>(user: &'a str, qualifiers: &[(&'static str, &'a str)]) -> QualifiedUser<'a> {
        let none = QualifiedUser::new(user);
        let with = |user: QualifiedUser<'a>, (keyword, value): &(&'static str, &'a str)| {
            user.with(keyword, *value)
        };
        qualifiers.iter().fold(none, with)
    }

    #[test]
    fn cpim_e_1_qualifiers_are_read_and_written_as_rfc_2846_has_them() {
        for (text, meant) in [
            ("fred", user("fred", &[])),
            ("fred/user=ip", user("fred", &[("user", "ip")])),
            ("+1/ext=22", user("+1", &[("ext", "22")])),
            ("1/ext=2/user=x", user("1", &[("user", "x"), ("ext", "2")])),
            ("a b/user=c d", user("a b", &[("user", "c d")])),
            ("1/user=a/user=b", user("1/user=a", &[("user", "b")])),
        ] {
            assert_eq!(SYNTAX.read(text), meant, "{text}");
            assert_eq!(SYNTAX.write(&meant), text);
        }
    }

    #[test]
    fn cpim_e_1_user_that_only_looks_qualified_survives() {
        for (text, meant) in [
            ("a%2fuser=b", user("a/user=b", &[])),
            ("a%252fuser=b", user("a%2fuser=b", &[])),
            ("a%2fext=b/user=c", user("a/ext=b", &[("user", "c")])),
            ("a/user=b%2fuser=c", user("a", &[("user", "b/user=c")])),
            ("a/user=%2fuser=c", user("a", &[("user", "/user=c")])),
        ] {
            assert_eq!(SYNTAX.read(text), meant, "{text}");
            assert_eq!(SYNTAX.write(&meant), text);
        }
    }

    #[test]
    fn cpim_e_1_text_without_a_known_qualifier_stands_for_itself() {
        for text in [
            "/",
            "=",
            "%",
            "\"",
            "50%",
            "a/b",
            "a=b",
            "a/b=c",
            "a%2fb=c",
            "a%2Fuser=b",
            "a/USER=b",
            "a/user=",
            "/user=phone",
            "%2fuser=phone",
            "auser=b",
            "a/xuser=b",
            "sip=example.com/fred",
            "treville@musketeers.lit",
        ] {
            assert_eq!(SYNTAX.read(text), QualifiedUser::new(text), "{text}");
            assert_eq!(SYNTAX.write(&QualifiedUser::new(text)), text);
        }
    }

    #[test]
    fn empty_value_says_nothing_and_a_second_one_replaces_the_first() {
        let fred = QualifiedUser::new("fred");
        assert_eq!(fred.clone().with("user", ""), fred);
        let twice = fred.clone().with("user", "a").with("user", "b");
        assert_eq!(twice, fred.with("user", "b"));
    }

    /// Texts that are made of what has a meaning here.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "/",
            "=",
            "%",
            "2f",
            "25",
            "2F",
            "user",
            "ext",
            "user=",
            "/user=",
            "/ext=",
            "%2fuser=",
            "%252fext=",
            "a",
            "\"",
            "\\",
            " ",
            "ü",
        ]);
        prop::collection::vec(pieces, 1..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cpim_e_1_each_text_is_read_and_written_again_as_it_was(
            hostile in hostile(), other in "\\PC{1,20}"
        ) {
            for text in [hostile, other] {
                let user = SYNTAX.read(&text);
                prop_assert!(!user.user().is_empty());
                prop_assert_eq!(SYNTAX.write(&user), text);
            }
        }

        #[test]
        fn cpim_e_1_each_qualified_user_is_written_and_read_again_as_it_was(
            name in hostile(), kind in prop::option::of(hostile()), ext in prop::option::of(hostile())
        ) {
            let meant = QualifiedUser::new(name)
                .with("ext", ext.unwrap_or_default())
                .with("user", kind.unwrap_or_default());
            let text = SYNTAX.write(&meant);
            prop_assert_eq!(SYNTAX.read(&text), meant);
        }
    }
}
