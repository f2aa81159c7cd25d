//! What configurations are made of.

pub mod duration;
mod secret;
mod size;
mod span;

use serde::de::DeserializeOwned;

use crate::{Error, Result};

pub use secret::Secret;
pub use size::ByteSize;
pub use span::Span;

/// Reads an adapter's configuration; an error begins with the key that is wrong.
pub(crate) fn from_json<C: DeserializeOwned>(json: &str) -> Result<C> {
    // Derived readers would take a list as well, for the fields in their order.
    if !json.trim_start().starts_with('{') {
        return Err(Error::config("it is no table"));
    }
    let mut json = serde_json::Deserializer::from_str(json);
    let config = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let problem = without_place(&error.inner().to_string());
        match error.path().to_string().as_str() {
            "." => Error::config(problem),
            path => Error::config(format!("{path}: {problem}")),
        }
    })?;
    let end = json.end();
    end.map_err(|error| Error::config(without_place(&error.to_string())))?;
    Ok(config)
}

/// The JSON is of the gateway's making: its lines say nothing to the operator.
fn without_place(problem: &str) -> String {
    match problem.rfind(" at line ") {
        Some(at) => problem.get(..at).unwrap_or(problem).to_owned(),
        None => problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        #[serde(default)]
        listen: Vec<std::net::SocketAddr>,
        #[serde(default)]
        tls: Option<Tls>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tls {
        #[expect(dead_code, reason = "read from text only")]
        depth: u8,
    }

    fn problem(json: &str) -> String {
        from_json::<Config>(json).unwrap_err().to_string()
    }

    #[test]
    fn error_of_configuration_begins_with_the_path_of_the_key() {
        assert_eq!(
            problem(r#"{"listen": ["127.0.0.1:5060", "5060"]}"#),
            "listen[1]: invalid socket address syntax"
        );
        assert!(problem(r#"{"tls": {"depth": 300}}"#).starts_with("tls.depth: invalid value"));
        assert!(problem(r#"{"tls": {}}"#).starts_with("tls: missing field `depth`"));
    }

    #[test]
    fn unknown_key_is_refused_by_its_name() {
        assert!(problem(r#"{"lisen": []}"#).contains("unknown field `lisen`"));
    }

    #[test]
    fn what_is_no_table_alone_is_refused() {
        assert_eq!(problem("[[]]"), "it is no table");
        assert_eq!(problem(""), "it is no table");
        assert_eq!(problem("{} {}"), "trailing characters");
    }

    #[test]
    fn right_configuration_is_read() {
        let config: Config = from_json(r#"{"listen": ["[::1]:0"]}"#).unwrap();
        assert_eq!(config.listen.len(), 1);
        assert!(config.tls.is_none());
    }
}
