//! What a plugin says of its configuration: a JSON Schema.

mod problems;

use std::{error::Error, sync::Arc};

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use rialto_abi as abi;
use rialto_bridge::read::{self, NONE};
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

    /// A schema is an object that can be used as one.
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("the schema of its configuration {why}");
        if text.len() > Self::MAX_LEN {
            return Err(wrong(format!("has more than {} bytes", Self::MAX_LEN)));
        }
        let document: Value =
            serde_json::from_str(text).map_err(|error| wrong(format!("is no JSON: {error}")))?;
        if !document.is_object() {
            return Err(wrong("is no JSON object".to_owned()));
        }
        let schema = Self {
            text: text.into(),
            document,
        };
        schema.compile().map(|_| schema).map_err(wrong)
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
            return Vec::new(); // `parse` has seen that it can be compiled
        };
        match schemas.validate(&config, root) {
            Ok(()) => Vec::new(),
            Err(error) => Problems::of(&self.document, &error).into_lines(),
        }
    }

    fn compile(&self) -> Result<(Schemas, SchemaIndex), String> {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.use_loader(Box::new(Nowhere));
        let cannot = |error: CompileError| format!("cannot be used: {error}");
        let document = self.document.clone();
        compiler.add_resource(NAME, document).map_err(cannot)?;
        let root = compiler.compile(NAME, &mut schemas).map_err(cannot)?;
        Ok((schemas, root))
    }
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
    use super::*;

    #[test]
    fn schema_that_cannot_be_used_is_refused() {
        let deep = "[".repeat(1000);
        let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(ConfigSchema::MAX_LEN));
        for (text, why) in [
            ("{", "is no JSON"),
            (deep.as_str(), "is no JSON"),
            ("[]", "is no JSON object"),
            (r#"{"type": "thing"}"#, "cannot be used"),
            (r#"{"pattern": "("}"#, "cannot be used"),
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
