//! Telephone numbers.

use crate::{error::UriError, lex};

/// A telephone number in the one spelling of all that are equal: `+12015550123;ext=22` (RFC 3966 §3).
///
/// Without visual separators, in lower case, its parameters in the order of the RFC: so it may be the user part of a
/// `sip:` URI with `user=phone`, where numbers are compared byte by byte (RFC 3261 §19.1.6).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TelephoneSubscriber(String);

impl TelephoneSubscriber {
    /// Reads what follows the colon of a `tel:` URI.
    ///
    /// # Errors
    ///
    /// Where the text stops to be a number: also at a parameter that is there twice, that is mandatory and unknown (§5.4),
    /// or that a local number lacks (§5.1.5).
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let digits = text.split(';').next().unwrap_or_default();
        let mut subscriber = number(digits)?;
        let mut parameters = read_parameters(text)?;
        let has = |name| parameters.iter().any(|parameter| parameter.name == name);
        let misses_context = !digits.starts_with('+') && !has("phone-context");
        if misses_context || has("isub") && has("ext") {
            return Err(UriError {
                at: digits.len(),
                expected: match misses_context {
                    true => "phone-context of a local number",
                    false => "either isub or ext",
                },
            });
        }
        parameters.sort_unstable_by(|one, two| one.order().cmp(&two.order()));
        for Parameter { name, value } in parameters {
            subscriber.extend([";", &name]);
            if let Some(value) = value {
                subscriber.extend(["=", &value]);
            }
        }
        Ok(Self(subscriber))
    }

    /// The number and its parameters, escapes as they stood.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug)]
struct Parameter {
    name: String,
    value: Option<String>,
}

impl Parameter {
    /// Reads one without its semicolon; an error is what was expected instead.
    fn read(text: &str) -> Result<Self, &'static str> {
        let (name, value) = match lex::split_once(text, b'=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let name = name.to_ascii_lowercase();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err("parameter name");
        }
        if name.starts_with("m-") {
            return Err("parameter that need not be understood");
        }
        let value = match (&*name, value) {
            (_, Some("")) | ("ext" | "phone-context" | "isub", None) => None,
            ("ext", Some(digits)) => plain_digits(digits, u8::is_ascii_digit),
            ("phone-context", Some(context)) => context_of(context),
            (_, Some(value)) => Some(value.to_ascii_lowercase()),
            (_, None) => return Ok(Self { name, value: None }),
        };
        let value = Some(value.ok_or("value of a parameter")?);
        Ok(Self { name, value })
    }

    /// Subaddress or extension, context, others by their names (RFC 3966 §3).
    fn order(&self) -> (u8, &str) {
        let rank = match &*self.name {
            "isub" | "ext" => 0,
            "phone-context" => 1,
            _ => 2,
        };
        (rank, &self.name)
    }
}

/// The most parameters of one number.
const MAX_PARAMETERS: usize = 16;

fn read_parameters(text: &str) -> Result<Vec<Parameter>, UriError> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut parts = text.split(';');
    let mut at = parts.next().map_or(0, str::len) + 1;
    for part in parts {
        let here = |expected| UriError { at, expected };
        let parameter = Parameter::read(part).map_err(here)?;
        if parameters.iter().any(|other| other.name == parameter.name) {
            return Err(here("parameter that is there once"));
        }
        if parameters.len() == MAX_PARAMETERS {
            return Err(here("16 parameters at most"));
        }
        parameters.push(parameter);
        at += part.len() + 1;
    }
    Ok(parameters)
}

/// The number itself, global or local.
fn number(digits: &str) -> Result<String, UriError> {
    let number = match digits.strip_prefix('+') {
        Some(rest) => plain_digits(rest, u8::is_ascii_digit).map(|rest| format!("+{rest}")),
        None => plain_digits(digits, |byte| {
            byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#')
        }),
    };
    number.ok_or(UriError {
        at: 0,
        expected: "telephone number",
    })
}

/// Digits without what only makes them readable; `None` when there is none, or something else.
fn plain_digits(text: &str, is_digit: impl Fn(&u8) -> bool) -> Option<String> {
    let is_separator = |byte: &u8| matches!(byte, b'-' | b'.' | b'(' | b')');
    if !text
        .bytes()
        .all(|byte| is_digit(&byte) || is_separator(&byte))
    {
        return None;
    }
    let digits = text.bytes().filter(|byte| !is_separator(byte));
    let digits: String = digits
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    (!digits.is_empty()).then_some(digits)
}

/// The context of a local number: the first digits of a global one, or a domain.
fn context_of(context: &str) -> Option<String> {
    if let Some(digits) = context.strip_prefix('+') {
        return Some(format!("+{}", plain_digits(digits, u8::is_ascii_digit)?));
    }
    match crate::Host::parse(context) {
        Ok(crate::Host::Name(name)) => {
            Some(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        let subscriber = TelephoneSubscriber::parse(text).ok();
        subscriber.map(|subscriber| subscriber.as_str().to_owned())
    }

    #[test]
    fn rfc3966_4_equal_numbers_have_one_spelling() {
        for (canonical, spellings) in [
            ("+12015550123", &["+1-201-555-0123", "+1(201)555.0123"][..]),
            (
                "+12015550123;ext=22",
                &["+1-201-555-0123;ext=2-2", "+12015550123;EXT=22"],
            ),
            (
                "7042;phone-context=example.com",
                &[
                    "7042;phone-context=Example.COM",
                    "7-042;Phone-Context=example.com.",
                ],
            ),
            ("*21#;phone-context=+4961", &["*21#;phone-context=+49-61"]),
            ("ab12;phone-context=+1", &["AB12;phone-context=+1"]),
            (
                "863;isub=1411;phone-context=+1;postd=pp22;tsp=a.b",
                &["863;tsp=a.b;postd=PP22;phone-context=+1;isub=1411"],
            ),
            ("+1;npdi;rn=+2", &["+1;rn=+2;npdi"]),
        ] {
            assert_eq!(read(canonical).as_deref(), Some(canonical));
            for spelling in spellings {
                assert_eq!(read(spelling).as_deref(), Some(canonical), "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_no_number_or_may_not_be_used_is_refused() {
        for text in [
            "",
            "+",
            "+-",
            "fred",
            "+1a",
            "++1",
            "7042",
            "7042;ext=1",
            "7042;phone-context",
            "7042;phone-context=",
            "7042;phone-context=-",
            "7042;phone-context=example..",
            "+1;ext=a",
            "+1;ext=1;ext=2",
            "+1;EXT=1;ext=1",
            "+1;ext=1;isub=2",
            "+1;isub",
            "+1;",
            "+1;;a=b",
            "+1;=b",
            "+1;a b=c",
            "+1;m-unknown=1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let many: String = (0..17).map(|index| format!(";p{index}=1")).collect();
        assert_eq!(read(&format!("+1{many}")), None);
    }

    #[test]
    fn refusal_says_where() {
        let error = TelephoneSubscriber::parse("+1;ext=1;ext=2").unwrap_err();
        assert_eq!(
            (error.at, error.expected),
            (9, "parameter that is there once")
        );
    }

    proptest! {
        #[test]
        fn spelling_of_a_number_is_its_own_spelling(
            text in r"\+?[0-9a-fA-F().*#-]{0,8}(;(ext|isub|phone-context|x|Y)(=[0-9a-z.+-]{0,4})?){0,4}"
        ) {
            if let Some(canonical) = read(&text) {
                prop_assert_eq!(read(&canonical), Some(canonical));
            }
        }
    }
}
