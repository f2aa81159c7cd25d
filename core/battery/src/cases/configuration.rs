//! Configurations, good and bad.

use rialto_loader::{
    Claim, Library,
    bare::{Bare, Shape},
};
use serde_json::{Map, Value, json};

use crate::{
    subject::{LIFE, Subject, ended, is_failure},
    verdict::{Verdict, case, fail, skip},
};

/// A key that no plugin has.
const UNKNOWN: &str = "key_of_the_battery";
/// A value that no key has.
fn wrong_value() -> Value {
    json!({ UNKNOWN: [null, [UNKNOWN]] })
}
/// How deep a text nests that is to use up a reader's stack.
const DEPTH: usize = 100_000;

pub(crate) fn accepted(subject: &Subject) -> Verdict {
    case(|| {
        let (library, config) = (subject.library()?, subject.config());
        let ask = || {
            let refused = |error: rialto_loader::LoadError| Verdict::Fail(error.to_string());
            let claims = Bare::claims(&library, &config).map_err(refused)?;
            Ok(claims.iter().map(Claim::to_string).collect::<Vec<_>>())
        };
        let (first, second) = (ask()?, ask()?);
        match first == second {
            true => Ok(()),
            false => fail(format!("it claims {first:?}, then {second:?}")),
        }
    })
}

pub(crate) fn unknown_key(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        match refusal(&library, &with_unknown(subject))? {
            Some(_) => Ok(()),
            None => fail(format!(
                "`{UNKNOWN}` was accepted; a misspelt key would be, too"
            )),
        }
    })
}

pub(crate) fn names_key(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        match refusal(&library, &with_unknown(subject))? {
            Some(words) if words.contains(UNKNOWN) => Ok(()),
            Some(words) => fail(format!("`{UNKNOWN}` was refused with \"{words}\"")),
            None => skip("an unknown key is accepted (2.2)"),
        }
    })
}

pub(crate) fn no_object(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let deep = "[".repeat(DEPTH);
        let deep_object = format!("{{\"a\":{}", "{\"a\":".repeat(DEPTH));
        for (what, config) in [
            ("nothing", ""),
            ("a part of an object", "{"),
            ("a list", "[]"),
            ("null", "null"),
            ("a text", "\"listen\""),
            ("NULs", "\0\0\0\0"),
            ("an object and more", "{} {}"),
            ("lists in lists", &deep),
            ("objects in objects", &deep_object),
        ] {
            if refusal(&library, config)?.is_none() {
                return fail(format!("{what} was accepted as a configuration"));
            }
        }
        Ok(())
    })
}

pub(crate) fn wrong_type(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        if subject.config.is_empty() {
            return skip("the configuration has no keys to spoil; give some");
        }
        for key in subject.config.keys() {
            let mut config = subject.config.clone();
            config.insert(key.clone(), wrong_value());
            if refusal(&library, &text(config))?.is_none() {
                return fail(format!("`{key}` was accepted with a value of another type"));
            }
        }
        Ok(())
    })
}

pub(crate) fn missing_key(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let without = |key: &String| {
            let mut config = subject.config.clone();
            config.remove(key);
            config
        };
        let all = subject.config.keys().map(without);
        for config in all.chain([Map::new()]) {
            if refusal(&library, &text(config))?.is_some_and(|words| words.trim().is_empty()) {
                return fail("a missing key was refused without a word");
            }
        }
        Ok(())
    })
}

pub(crate) fn schema(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let Some(schema) = library.manifest().config_schema() else {
            return skip("it has no schema (1.4)");
        };
        if schema.problems(&with_unknown(subject)).is_empty() {
            return fail(format!("`{UNKNOWN}` is no problem to it"));
        }
        let spoilt = |key: &&String| {
            let mut config = subject.config.clone();
            config.insert((*key).clone(), wrong_value());
            schema.problems(&text(config)).is_empty()
        };
        match subject.config.keys().find(spoilt) {
            None => Ok(()),
            Some(key) => fail(format!(
                "a value of another type for `{key}` is no problem to it"
            )),
        }
    })
}

fn with_unknown(subject: &Subject) -> String {
    let mut config = subject.config.clone();
    config.insert(UNKNOWN.to_owned(), Value::from(1));
    text(config)
}

fn text(config: Map<String, Value>) -> String {
    Value::Object(config).to_string()
}

/// Why a configuration is refused; a plugin that does not check it beforehand is started with it.
fn refusal(library: &Library, config: &str) -> Result<Option<String>, Verdict> {
    use rialto_loader::LoadError::{Configuration, ConfigurationTimedOut};
    match Bare::claims(library, config) {
        Err(Configuration { problem, .. }) => return Ok(Some(problem)),
        Err(error @ ConfigurationTimedOut { .. }) => return fail(error.to_string()),
        Err(error) => return Ok(Some(error.to_string())),
        Ok(_) if Bare::checks_configurations(library) => return Ok(None),
        Ok(_) => {}
    }
    let (bare, ready) = Bare::start(library, config, Shape::Own);
    match ready.wait(LIFE).first {
        None => fail("`start` was not answered"),
        Some(Err(problem)) => fail(format!("`start` was answered with garbage: {problem}")),
        Some(Ok(outcome)) if is_failure(&outcome.status) => match outcome.status {
            rialto_model::ResponseStatus::Failure(failure) => Ok(Some(failure.detail().to_owned())),
            _ => Ok(None),
        },
        Some(Ok(_)) => {
            ended(bare)?;
            Ok(None)
        }
    }
}
