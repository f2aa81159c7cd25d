//! What is wrong with a configuration, in the operator's words.

use std::fmt::Write as _;

use boon::{ErrorKind, InstanceLocation, InstanceToken, ValidationError};
use serde_json::Value;

/// What is wrong. No value is quoted: it may be secret.
pub(super) struct Problems<'a> {
    schema: &'a Value,
    lines: Vec<String>,
}

/// More is not said at once.
pub(super) const MAX_PROBLEMS: usize = 32;
/// How much a key must be like a known one to be meant for it.
const ALIKE: f64 = 0.8;

impl<'a> Problems<'a> {
    pub(super) fn of(schema: &'a Value, error: &ValidationError<'_, '_>) -> Self {
        let lines = Vec::new();
        let mut problems = Self { schema, lines };
        problems.add(error);
        problems
    }

    /// By their keys.
    pub(super) fn into_lines(mut self) -> Vec<String> {
        self.lines.sort();
        self.lines
    }

    /// Only what has no causes of its own is a problem; the rest is how it was found.
    fn add(&mut self, error: &ValidationError<'_, '_>) {
        let key = key(&error.instance_location);
        match &error.kind {
            ErrorKind::AdditionalProperties { got } => {
                for name in got {
                    let text = format!("unknown key{}", self.meant(name, error.schema_url));
                    self.say(&within(&key, name), &text);
                }
            }
            ErrorKind::Required { want } => {
                for name in want {
                    self.say(&within(&key, name), "this key is needed");
                }
            }
            ErrorKind::AnyOf | ErrorKind::OneOf(_) => match meant_form(error) {
                Some(form) => self.add(form),
                None => {
                    let text = self.forms(error);
                    self.say(&key, &text);
                }
            },
            ErrorKind::Not | ErrorKind::Contains | ErrorKind::PropertyName { .. } => {
                let text = self.words(error);
                self.say(&key, &text);
            }
            _ if !error.causes.is_empty() => error.causes.iter().for_each(|cause| self.add(cause)),
            _ => {
                let text = self.words(error);
                self.say(&key, &text);
            }
        }
    }

    fn say(&mut self, key: &str, text: &str) {
        if self.lines.len() < MAX_PROBLEMS {
            self.lines.push(match key {
                "" => text.to_owned(),
                key => format!("{key}: {text}"),
            });
        }
    }

    /// What a value is not.
    fn words(&self, error: &ValidationError<'_, '_>) -> String {
        match &error.kind {
            ErrorKind::Type { want, .. } => {
                let names: Vec<_> = want.iter().map(|of| of.to_string()).collect();
                format!("must be of type {}", names.join(" or "))
            }
            ErrorKind::Enum { want } => one_of(want.iter()),
            ErrorKind::Const { want } => one_of([*want].into_iter()),
            ErrorKind::Minimum { want, .. } => format!("must be at least {want}"),
            ErrorKind::Maximum { want, .. } => format!("must be at most {want}"),
            ErrorKind::ExclusiveMinimum { want, .. } => format!("must be more than {want}"),
            ErrorKind::ExclusiveMaximum { want, .. } => format!("must be less than {want}"),
            ErrorKind::MinLength { want, .. } => format!("must have {want} letters or more"),
            ErrorKind::MaxLength { want, .. } => format!("must have {want} letters or less"),
            ErrorKind::MinItems { want, .. } => format!("must have {want} items or more"),
            ErrorKind::MaxItems { want, .. } => format!("must have {want} items or less"),
            ErrorKind::UniqueItems { got: [one, other] } => {
                format!("items {one} and {other} are the same")
            }
            ErrorKind::Format { want, .. } => format!("must be of the format `{want}`"),
            ErrorKind::Pattern { want, .. } => match self.description(error.schema_url) {
                Some(description) => format!("must be {description}"),
                None => format!("must be like {want}"),
            },
            _ => match self.description(error.schema_url) {
                Some(description) => format!("is not what is needed: {description}"),
                None => "is not what is needed".to_owned(),
            },
        }
    }

    /// What a value may be that has none of its forms: the names that it may be, or in general.
    fn forms(&self, error: &ValidationError<'_, '_>) -> String {
        let mut named = Vec::new();
        note_named(error, &error.instance_location.to_string(), &mut named);
        match named.is_empty() {
            false => one_of(named.into_iter()),
            true => self.words(error),
        }
    }

    /// What the schema says at a place of its own; one line.
    fn description(&self, url: &str) -> Option<&str> {
        let description = self.at(url)?.get("description")?.as_str()?;
        description.lines().next().filter(|line| !line.is_empty())
    }

    /// Which key may have been meant, or which there are.
    fn meant(&self, name: &str, url: &str) -> String {
        let known = self.at(url).and_then(|schema| schema.get("properties"));
        let known: Vec<&str> = known
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|known| known.keys().map(String::as_str))
            .collect();
        let alike = |known: &&str| strsim::jaro_winkler(known, name);
        let near = known
            .iter()
            .copied()
            .max_by(|a, b| alike(a).total_cmp(&alike(b)));
        match near.filter(|near| alike(near) > ALIKE) {
            Some(near) => format!(" (did you mean `{near}`?)"),
            None if known.is_empty() => " (none is known here)".to_owned(),
            None => format!(" (known here: {})", known.join(", ")),
        }
    }

    /// The part of the schema that a URL names.
    fn at(&self, url: &str) -> Option<&'a Value> {
        let (_, pointer) = url.split_once('#')?;
        self.schema.pointer(pointer)
    }
}

/// Of several forms the one that was meant: the only one that is of the value's type.
fn meant_form<'e, 's, 'v>(
    error: &'e ValidationError<'s, 'v>,
) -> Option<&'e ValidationError<'s, 'v>> {
    let here = error.instance_location.to_string();
    let mut meant = error
        .causes
        .iter()
        .filter(|cause| !is_of_other_kind(cause, &here));
    meant.next().filter(|_| meant.next().is_none())
}

/// Whether a form is for values of another type, or is another value.
fn is_of_other_kind(cause: &ValidationError<'_, '_>, here: &str) -> bool {
    match cause.kind {
        ErrorKind::Type { .. } | ErrorKind::Const { .. } | ErrorKind::Enum { .. } => {
            cause.instance_location.to_string() == here
        }
        _ => {
            !cause.causes.is_empty()
                && cause
                    .causes
                    .iter()
                    .all(|cause| is_of_other_kind(cause, here))
        }
    }
}

/// Collects the values that a place may have by any of its forms.
fn note_named<'e>(error: &'e ValidationError<'_, '_>, here: &str, named: &mut Vec<&'e Value>) {
    match &error.kind {
        _ if error.instance_location.to_string() != here => {}
        ErrorKind::Const { want } => named.push(want),
        ErrorKind::Enum { want } => named.extend(want.iter()),
        _ => (error.causes.iter()).for_each(|cause| note_named(cause, here, named)),
    }
}

fn one_of<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    let names: Vec<_> = values.map(ToString::to_string).collect();
    match names.as_slice() {
        [only] => format!("must be {only}"),
        names => format!("must be one of {}", names.join(", ")),
    }
}

/// A key as the plugins' own readers write it: `listen[0].port`.
fn key(location: &InstanceLocation<'_>) -> String {
    let mut key = String::new();
    for token in &location.tokens {
        match token {
            InstanceToken::Prop(name) => key = within(&key, name),
            // To a text nothing is refused.
            InstanceToken::Item(index) => write!(key, "[{index}]").unwrap_or_default(),
        }
    }
    key
}

fn within(key: &str, name: &str) -> String {
    match key {
        "" => name.to_owned(),
        key => format!("{key}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConfigSchema;

    const SCHEMA: &str = r##"{
        "type": "object",
        "properties": {
            "listen": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            "mode": { "oneOf": [{ "const": "on" }, { "const": "off" }] },
            "secret": { "type": "string", "minLength": 3 },
            "tls": { "anyOf": [{ "$ref": "#/$defs/Tls" }, { "type": "null" }] },
            "wait": { "$ref": "#/$defs/Span" },
            "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }] }
        },
        "required": ["secret"],
        "additionalProperties": false,
        "$defs": {
            "Span": { "type": "string", "pattern": "^[0-9]+s$", "description": "a duration like \"10s\"" },
            "Tls": {
                "type": "object",
                "properties": { "depth": { "type": "integer", "maximum": 9 } },
                "required": ["depth"],
                "additionalProperties": false
            }
        }
    }"##;

    #[track_caller]
    fn assert_problems(config: &str, expected: &[&str]) {
        let schema = ConfigSchema::parse(SCHEMA).unwrap();
        assert_eq!(schema.problems(config), expected);
    }

    #[test]
    fn good_configuration_has_no_problem() {
        let config = r#"{"secret": "abc", "listen": ["a"], "mode": "on", "tls": {"depth": 3}, "wait": "1s", "either": 1}"#;
        assert_problems(config, &[]);
        assert_problems(r#"{"secret": "abc", "tls": null}"#, &[]);
    }

    #[test]
    fn all_that_is_wrong_is_found_at_once_by_its_key() {
        let config = r#"{"lisen": [], "listen": ["a", 5], "mode": "of", "tls": {"depth": 10, "x": 1}, "wait": "10"}"#;
        assert_problems(
            config,
            &[
                "lisen: unknown key (did you mean `listen`?)",
                "listen[1]: must be of type string",
                r#"mode: must be one of "on", "off""#,
                "secret: this key is needed",
                "tls.depth: must be at most 9",
                "tls.x: unknown key (known here: depth)",
                "wait: must be a duration like \"10s\"",
            ],
        );
        assert_problems(
            r#"{"secret": "abc", "listen": [], "tls": 5, "either": true}"#,
            &[
                "either: is not what is needed",
                "listen: must have 1 items or more",
                "tls: is not what is needed",
            ],
        );
    }

    #[test]
    fn secret_values_are_not_shown() {
        for config in [
            r#"{"secret": "s3"}"#,
            r#"{"secret": 31337}"#,
            r#"{"secret": ["s3"]}"#,
        ] {
            let problems = ConfigSchema::parse(SCHEMA)
                .unwrap()
                .problems(config)
                .concat();
            let is_shown = problems.contains("s3") || problems.contains("31337");
            assert!(problems.starts_with("secret: ") && !is_shown, "{problems}");
        }
    }

    #[test]
    fn no_table_is_a_problem_of_no_key() {
        assert_problems("[]", &["must be of type object"]);
    }

    #[test]
    fn endless_problems_are_cut() {
        let keys: Vec<_> = (0..100).map(|key| format!("\"{key}\": 0")).collect();
        let schema = ConfigSchema::parse(SCHEMA).unwrap();
        let problems = schema.problems(&format!("{{{}}}", keys.join(",")));
        assert_eq!(problems.len(), super::MAX_PROBLEMS);
    }
}
