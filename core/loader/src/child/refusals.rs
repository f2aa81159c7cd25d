//! What a child says of its plugin before it starts: the manifest, the claims, or why it is refused.
#![expect(unsafe_code, reason = "reads a manifest as a library has it")]

use std::{path::Path, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::read::{self, NONE, lend};

use super::frame::{self, Frame, FrameError, Kind, Writer};
use crate::{
    Claim, ConfigSchema, Library, LoadError, Manifest,
    library::{Language, manifest},
};

/// Appends what a library says of itself.
pub(super) fn put_opened(out: &mut Vec<u8>, library: &Library, missing: &[String]) -> bool {
    let table = library.table();
    frame::put(out, Kind::Opened, 0, |frame| {
        frame
            .number(table.services)
            .number(table.patience_ms)
            .number((library.manifest().language() == Language::Rust).into());
        for text in manifest::texts(table) {
            // SAFETY: constants of a library that is never unloaded, which has passed its checks.
            let text = unsafe { read::bytes("a manifest's text", text) };
            frame.bytes(text.unwrap_or_default());
        }
        let schema = library.manifest().config_schema();
        frame.text(schema.map_or("", ConfigSchema::as_str));
        frame.number(missing.len() as u64);
        for missing in missing {
            frame.text(missing);
        }
    })
}

/// What a child says of its library.
#[derive(Debug)]
pub(super) struct Opened {
    /// The manifest, or what is wrong with it.
    pub(super) manifest: Result<Manifest, String>,
    /// Protections that its system does not offer.
    pub(super) missing: Vec<String>,
}

/// More protections than there are.
const MAX_MISSING: usize = 16;

pub(super) fn read_opened(frame: &mut Frame<'_>) -> Result<Opened, FrameError> {
    let (services, patience_ms) = (frame.number()?, frame.number()?);
    let language = match frame.number()? {
        0 => Language::Other,
        _ => Language::Rust,
    };
    let mut texts = [NONE; manifest::TEXTS];
    for text in &mut texts {
        *text = lend(frame.bytes()?);
    }
    let schema = ConfigSchema::told(frame.text()?);
    let table = manifest::table(texts, services, patience_ms);
    // SAFETY: its texts lie in the frame.
    let manifest = schema.and_then(|schema| unsafe { Manifest::read(&table, schema, language) });
    let missing = (0..frame.count(MAX_MISSING)?).map(|_| frame.text().map(str::to_owned));
    Ok(Opened {
        manifest,
        missing: missing.collect::<Result<_, _>>()?,
    })
}

pub(super) fn put_claims(out: &mut Vec<u8>, claims: &[Claim]) -> bool {
    frame::put(out, Kind::Loaded, 0, |frame| {
        frame.number(claims.len() as u64);
        for claim in claims {
            let (kind, value) = claim.raw();
            frame.number(kind.into()).text(&value);
        }
    })
}

/// The claims, or the first that is none.
pub(super) fn read_claims(
    adapter: &Arc<str>,
    frame: &mut Frame<'_>,
) -> Result<Result<Vec<Claim>, LoadError>, FrameError> {
    let mut claims = Vec::new();
    for _ in 0..frame.count(read::MAX_LIST)? {
        let (kind, value) = (frame.code()?, frame.text()?);
        match Claim::parse(kind, value) {
            Ok(claim) => claims.push(claim),
            Err(problem) => return Ok(Err(LoadError::no_claim(adapter, value, problem))),
        }
    }
    Ok(Ok(claims))
}

/// Numbers of the refusals that a child can have.
mod code {
    pub(super) const UNREADABLE: u64 = 1;
    pub(super) const NOT_A_LIBRARY: u64 = 2;
    pub(super) const NOT_A_PLUGIN: u64 = 3;
    pub(super) const CONTRACT: u64 = 4;
    pub(super) const INCOMPLETE: u64 = 5;
    pub(super) const LAYOUT: u64 = 6;
    pub(super) const MANIFEST: u64 = 7;
    pub(super) const CONFIGURATION: u64 = 8;
    pub(super) const CONFIGURATION_TIMED_OUT: u64 = 9;
    pub(super) const NO_CLAIM: u64 = 10;
    pub(super) const OTHER: u64 = 11;
    pub(super) const CONFIGURATION_UNCHECKED: u64 = 12;
}

pub(super) fn put_refused(out: &mut Vec<u8>, error: &LoadError) -> bool {
    frame::put(out, Kind::Refused, 0, |frame| write_refused(frame, error))
}

fn write_refused(frame: &mut Writer<'_>, error: &LoadError) {
    let path = |path: &Path| path.display().to_string();
    let (code, number, texts) = match error {
        LoadError::Unreadable { path: at, why } => (code::UNREADABLE, 0, [path(at), why.clone()]),
        LoadError::NotALibrary { path: at, why } => {
            (code::NOT_A_LIBRARY, 0, [path(at), why.clone()])
        }
        LoadError::NotAPlugin { path: at, why } => (code::NOT_A_PLUGIN, 0, [path(at), why.clone()]),
        LoadError::Contract {
            path: at, plugin, ..
        } => (code::CONTRACT, *plugin, [path(at), String::new()]),
        LoadError::Incomplete { path: at, what } => {
            (code::INCOMPLETE, 0, [path(at), what.to_string()])
        }
        LoadError::Layout {
            path: at,
            difference,
        } => (code::LAYOUT, 0, [path(at), difference.clone()]),
        LoadError::Manifest { path: at, problem } => {
            (code::MANIFEST, 0, [path(at), problem.clone()])
        }
        LoadError::Configuration { problem, .. } => {
            (code::CONFIGURATION, 0, [String::new(), problem.clone()])
        }
        LoadError::ConfigurationUnchecked { problem, .. } => (
            code::CONFIGURATION_UNCHECKED,
            0,
            [String::new(), problem.clone()],
        ),
        LoadError::ConfigurationTimedOut { limit, .. } => (
            code::CONFIGURATION_TIMED_OUT,
            limit.as_secs() as u32,
            Default::default(),
        ),
        LoadError::NoClaim { claim, problem, .. } => {
            (code::NO_CLAIM, 0, [claim.clone(), problem.clone()])
        }
        other => (code::OTHER, 0, [String::new(), other.to_string()]),
    };
    let [first, second] = texts;
    frame
        .number(code)
        .number(number.into())
        .text(&first)
        .text(&second);
}

/// Why a child refuses its plugin, with the library and the adapter that this side knows.
pub(super) fn read_refused(
    adapter: &Arc<str>,
    library: &Path,
    frame: &mut Frame<'_>,
) -> Result<LoadError, FrameError> {
    let (code, number) = (frame.number()?, frame.code()?);
    let (first, second) = (frame.text()?, frame.text()?.to_owned());
    let adapter = Arc::clone(adapter);
    let path = match first {
        "" => library.to_owned(),
        first => first.into(),
    };
    Ok(match code {
        code::UNREADABLE => LoadError::Unreadable { path, why: second },
        code::NOT_A_LIBRARY => LoadError::NotALibrary { path, why: second },
        code::NOT_A_PLUGIN => LoadError::NotAPlugin { path, why: second },
        code::CONTRACT => LoadError::Contract {
            path,
            plugin: number,
            gateway: abi::CONTRACT,
        },
        code::INCOMPLETE => LoadError::Incomplete {
            path,
            what: second.into(),
        },
        code::LAYOUT => LoadError::Layout {
            path,
            difference: second,
        },
        code::MANIFEST => LoadError::Manifest {
            path,
            problem: second,
        },
        code::CONFIGURATION => LoadError::Configuration {
            adapter,
            problem: second,
        },
        code::CONFIGURATION_UNCHECKED => LoadError::ConfigurationUnchecked {
            adapter,
            problem: second,
        },
        code::CONFIGURATION_TIMED_OUT => LoadError::ConfigurationTimedOut {
            adapter,
            limit: Duration::from_secs(number.into()),
        },
        code::NO_CLAIM => LoadError::NoClaim {
            adapter,
            claim: first.to_owned(),
            problem: second,
        },
        _ => LoadError::Process {
            adapter,
            problem: second,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the gateway makes of a child whose plugin has this schema.
    fn manifest_with(schema: &str) -> Result<Manifest, String> {
        let mut out = Vec::new();
        let written = frame::put(&mut out, Kind::Opened, 0, |frame| {
            frame.number(abi::SERVICE_MESSAGES).number(0).number(0);
            let texts = ["name", "1.0.0", "protocol", "", "", "", "", ""];
            for text in texts {
                frame.text(text);
            }
            frame.text(schema).number(0);
        });
        assert!(written);
        let (mut frame, _) = Frame::first(&out).unwrap().unwrap();
        read_opened(&mut frame).unwrap().manifest
    }

    #[test]
    fn gateway_tries_no_schema_of_a_child() {
        // To try this one takes gigabytes, and minutes.
        let pattern = r#"{"pattern": "\\p{L}{99}"}"#;
        let costly = format!(r#"{{"anyOf": [{}]}}"#, [pattern; 9000].join(","));
        for schema in [costly.as_str(), r#"{"pattern": "("}"#] {
            let manifest = manifest_with(schema).unwrap();
            assert_eq!(manifest.config_schema().unwrap().as_str(), schema);
        }
    }

    #[test]
    fn schema_of_a_child_that_is_none_or_too_long_is_refused() {
        assert!(manifest_with("").unwrap().config_schema().is_none());
        let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(1 << 20));
        for (schema, why) in [("[]", "is no JSON object"), (&long, "has more than")] {
            let error = manifest_with(schema).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
