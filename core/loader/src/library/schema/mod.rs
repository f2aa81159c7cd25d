//! What a plugin says of its configuration: a JSON Schema.

mod problems;

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use rialto_abi as abi;
use rialto_bridge::{
    answer::panic_words,
    read::{self, NONE},
};
use serde_json::Value;

use problems::Problems;

/// The JSON Schema of a plugin's configuration, as the plugin gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigSchema {
    text: Arc<str>,
    document: Value,
}

/// What the schema is called where it refers to itself.
const NAME: &str = "https://rialto.invalid/configuration";

/// What the plugin's function gives, or nothing.
///
/// # Safety
/// The table follows the contract.
#[expect(unsafe_code, reason = "calls the plugin")]
pub(super) unsafe fn of(table: &abi::Plugin) -> abi::Bytes {
    // SAFETY: the table's function; a child has survived it.
    (table.config_schema).map_or(NONE, |schema| unsafe { schema() })
}

impl ConfigSchema {
    /// The longest schema, in bytes.
    const MAX_LEN: usize = 256 << 10;

    /// Reads a plugin's schema; nothing is none.
    ///
    /// # Safety
    /// `schema` is null, or stays readable for its length.
    #[expect(unsafe_code, reason = "reads what the library gives")]
    pub(crate) unsafe fn read(schema: abi::Bytes) -> Result<Option<Self>, String> {
        // SAFETY: the caller's promise.
        let text = unsafe { read::text("the schema of its configuration", schema) }
            .map_err(|error| error.to_string())?;
        match text.is_empty() {
            true => Ok(None),
            false => Self::parse(text).map(Some),
        }
    }

    /// What a process says is the schema of its plugin, to be shown; nothing is none. Who has the library tries it and checks by it: that can take
    /// more time and memory than a gateway may be made to spend.
    pub(crate) fn told(text: &str) -> Result<Option<Self>, String> {
        match text.is_empty() {
            true => Ok(None),
            false => Self::untried(text).map(Some),
        }
    }

    /// A schema is an object that can be used as one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let schema = Self::untried(text)?;
        schema.compile().map(|_| schema).map_err(wrong)
    }

    /// An object that is not too long.
    fn untried(text: &str) -> Result<Self, String> {
        if text.len() > Self::MAX_LEN {
            return Err(wrong(format!("has more than {} bytes", Self::MAX_LEN)));
        }
        let document: Value =
            serde_json::from_str(text).map_err(|error| wrong(format!("is no JSON: {error}")))?;
        if !document.is_object() {
            return Err(wrong("is no JSON object".to_owned()));
        }
        Ok(Self {
            text: text.into(),
            document,
        })
    }

    /// As the plugin wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As a JSON object.
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Finds all that is wrong with a configuration, a JSON text: each problem begins with its key. None quotes a value, as it may be secret.
    pub fn problems(&self, config: &str) -> Vec<String> {
        let Ok(config) = serde_json::from_str::<Value>(config) else {
            return Vec::new(); // the plugin says so itself
        };
        let Ok((schemas, root)) = self.compile() else {
            return Vec::new(); // whoever has opened the library has seen that it can be compiled
        };
        let checked = unpanicked(|| match schemas.validate(&config, root) {
            Ok(()) => Vec::new(),
            Err(error) => Problems::of(&self.document, &error).into_lines(),
        });
        checked.unwrap_or_else(|why| vec![format!("cannot be checked by its schema: {why}")])
    }

    fn compile(&self) -> Result<(Schemas, SchemaIndex), String> {
        let compiled = unpanicked(|| self.compile_or_panic());
        compiled.unwrap_or_else(|why| Err(format!("cannot be used: {why}")))
    }

    fn compile_or_panic(&self) -> Result<(Schemas, SchemaIndex), String> {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.use_loader(Box::new(Nowhere));
        let cannot = |error: CompileError| match &error {
            // By the schema of schemas; what is at a place of that is not of ours.
            CompileError::ValidationError { src, .. } => {
                let problems = Problems::of(&Value::Null, src).into_lines();
                format!("is no JSON Schema: {}", problems.join("; "))
            }
            error => format!("cannot be used: {error}"),
        };
        let document = self.document.clone();
        compiler.add_resource(NAME, document).map_err(cannot)?;
        let root = compiler.compile(NAME, &mut schemas).map_err(cannot)?;
        Ok((schemas, root))
    }
}

fn wrong(why: String) -> String {
    format!("the schema of its configuration {why}")
}

/// What the library that knows schemas says, or why it panics, which it does where it gives up: over a pattern that is too large.
fn unpanicked<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(panic_words)
}

/// A schema leads to no file and to no other system.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema of a configuration has all of itself within".into())
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
    use serde_json::json;

    use super::*;

    /// A schema of any keywords, sensible or not.
    fn any_schema(random: &mut StdRng, depth: u32) -> Value {
        let mut object = serde_json::Map::new();
        for _ in 0..random.random_range(0..4) {
            let inner = |random: &mut StdRng| match depth {
                0 => json!(random.random::<bool>()),
                depth => any_schema(random, depth - 1),
            };
            let many = |random: &mut StdRng| json!([inner(random), inner(random)]);
            let by_name = |random: &mut StdRng| json!({ "a": inner(random), "b": inner(random) });
            let (keyword, value) = match random.random_range(0..14) {
                0 => (
                    "type",
                    any_of(random, &["object", "array", "string", "integer", "null"]),
                ),
                1 => ("properties", by_name(random)),
                2 => ("$defs", by_name(random)),
                3 => ("items", inner(random)),
                4 => (
                    *["anyOf", "oneOf", "allOf"].choose(random).unwrap(),
                    many(random),
                ),
                5 => (
                    *["$ref", "$dynamicRef"].choose(random).unwrap(),
                    any_of(
                        random,
                        &["#", "#/$defs/a", "#/properties/b", "#m", "//", "x"],
                    ),
                ),
                6 => (
                    "pattern",
                    any_of(random, &["a", ".*", "(", "(a{2}){3}", "\\d+$"]),
                ),
                7 => (
                    *["not", "if", "then", "else", "contains", "propertyNames"]
                        .choose(random)
                        .unwrap(),
                    inner(random),
                ),
                8 => (
                    *["minimum", "maxItems", "minLength", "multipleOf"]
                        .choose(random)
                        .unwrap(),
                    json!(random.random_range(-2..3)),
                ),
                9 => ("required", json!(["a"])),
                10 => (
                    *["$anchor", "$dynamicAnchor"].choose(random).unwrap(),
                    json!("m"),
                ),
                11 => ("$id", any_of(random, &["https://x.example/", "#", ""])),
                12 => (
                    *[
                        "additionalProperties",
                        "unevaluatedProperties",
                        "unevaluatedItems",
                    ]
                    .choose(random)
                    .unwrap(),
                    inner(random),
                ),
                _ => ("enum", json!([1, "a", null])),
            };
            object.insert(keyword.to_owned(), value);
        }
        Value::Object(object)
    }

    fn any_of(random: &mut StdRng, texts: &[&str]) -> Value {
        json!(texts.choose(random).unwrap())
    }

    #[test]
    fn no_schema_crashes_whoever_reads_it_or_checks_by_it() {
        let mut random = StdRng::seed_from_u64(7);
        let mut taken = 0;
        for _ in 0..5000 {
            let schema = any_schema(&mut random, 3).to_string();
            let Ok(schema) = ConfigSchema::parse(&schema) else {
                continue;
            };
            taken += 1;
            for config in [
                "{}",
                r#"{"a": {"b": [1, "a", {"a": null}]}, "b": "a"}"#,
                "[[]]",
                "1",
            ] {
                assert!(schema.problems(config).len() <= problems::MAX_PROBLEMS);
            }
        }
        assert!(taken > 500, "only {taken} were schemas");
    }

    #[test]
    fn schema_that_cannot_be_used_is_refused() {
        let deep = "[".repeat(1000);
        let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(ConfigSchema::MAX_LEN));
        for (text, why) in [
            ("{", "is no JSON"),
            (deep.as_str(), "is no JSON"),
            ("[]", "is no JSON object"),
            (
                r#"{"properties": {"a": {"type": "thing"}}}"#,
                "is no JSON Schema: properties.a.type: must be one of \"array\", \"boolean\",",
            ),
            (
                r#"{"pattern": "("}"#,
                "is no JSON Schema: pattern: must be of the format `regex`",
            ),
            (r#"{"pattern": "(a{1000}){1000}"}"#, "cannot be used"),
            (r#"{"$ref": "file:///etc/passwd"}"#, "cannot be used"),
            (r#"{"$ref": "http://localhost/"}"#, "cannot be used"),
            (long.as_str(), "has more than"),
        ] {
            let error = ConfigSchema::parse(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn what_is_no_json_is_left_to_the_plugin() {
        let schema = ConfigSchema::parse(r#"{"type": "object"}"#).unwrap();
        assert!(schema.problems("{").is_empty());
        assert_eq!(schema.problems("[]").len(), 1);
    }
}
