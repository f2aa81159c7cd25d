//! The configuration that a plugin is tried with.

use std::{fs, path::Path};

use serde_json::{Map, Value};

use crate::exit::Exit;

/// Reads a file with the keys of a plugin's own section, and sets more.
pub(super) fn settings(file: Option<&Path>, set: &[String]) -> Result<Map<String, Value>, Exit> {
    let mut settings = match file {
        Some(file) => read(file)?,
        None => Map::new(),
    };
    for pair in set {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(Exit::Usage(format!(
                "--set {pair}: write --set KEY=VALUE, like --set 'listen=[\"udp:127.0.0.1:0\"]'"
            )));
        };
        settings.insert(key.trim().to_owned(), value(text));
    }
    Ok(settings)
}

fn read(file: &Path) -> Result<Map<String, Value>, Exit> {
    let wrong = |why: String| Exit::config(format!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// As TOML has it, else as a text, for which one need not quote the quotes.
fn value(text: &str) -> Value {
    let table: Result<Map<String, Value>, _> = toml::from_str(&format!("value = {text}"));
    let value = table.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_values_are_those_of_toml_or_texts() {
        let set = ["a=1", "b = [\"x\"]", "c=tcp:127.0.0.1:1", "d={ e = true }"].map(str::to_owned);
        let settings = settings(None, &set).unwrap();
        let expected = r#"{"a":1,"b":["x"],"c":"tcp:127.0.0.1:1","d":{"e":true}}"#;
        assert_eq!(Value::Object(settings).to_string(), expected);
    }

    #[test]
    fn set_without_a_value_is_refused() {
        assert!(settings(None, &["listen".to_owned()]).is_err());
    }
}
