//! `rialto plugins`: what the libraries say of themselves.

use std::path::{Path, PathBuf};

use rialto_loader::{Digest, Language, Library, Manifest, Trust};
use serde_json::json;

use super::print;
use crate::{config::Config, exit::Exit, plugins as libraries};

/// Lists libraries; those that are none are said to be so, and make the command fail.
///
/// Without `trust`, whoever names them answers for them.
pub(crate) fn plugins(paths: &[PathBuf], trust: Option<&Trust>, as_json: bool) -> Result<(), Exit> {
    let opened: Vec<_> = paths
        .iter()
        .map(|path| (path, libraries::open(path, trust)))
        .collect();
    let refused = opened
        .iter()
        .filter(|(_, library)| library.is_err())
        .count();
    let text = if as_json {
        let all: Vec<_> = opened
            .iter()
            .map(|(path, library)| match library {
                Ok(library) => describe(library),
                Err(problem) => json!({ "path": path.display().to_string(), "problem": problem }),
            })
            .collect();
        format!("{}\n", json!(all))
    } else {
        let lines = opened.iter().map(|(_, library)| match library {
            Ok(library) => line(library),
            Err(problem) => format!("refused: {problem}\n"),
        });
        lines.collect()
    };
    print(&text)?;
    match refused {
        0 => Ok(()),
        count => Err(Exit::Unavailable(format!(
            "{count} of {} cannot be loaded",
            opened.len()
        ))),
    }
}

/// Says all that one library says of itself.
pub(crate) fn plugin_info(path: &Path, as_json: bool) -> Result<(), Exit> {
    let library = libraries::open(path, None).map_err(Exit::Unavailable)?;
    print(&match as_json {
        true => format!("{}\n", describe(&library)),
        false => info(&library),
    })
}

/// Prints the digests of files, as the configuration lists them; nothing of a file is executed.
pub(crate) fn digest(paths: &[PathBuf]) -> Result<(), Exit> {
    paths.iter().try_for_each(|path| {
        let digest = Digest::of_file(path).map_err(Exit::unavailable)?;
        print(&format!("{digest}  {}\n", path.display()))
    })
}

/// Says of each library whether it may be loaded; nothing of it is executed.
pub(crate) fn verify(paths: &[PathBuf], trust: &Trust) -> Result<(), Exit> {
    let verified: Vec<_> = paths
        .iter()
        .map(|path| (path, trust.verify(path)))
        .collect();
    let lines = verified.iter().map(|(path, verified)| match verified {
        Ok(digest) => format!("good: {}, {digest}\n", path.display()),
        Err(error) => format!("refused: {error}\n"),
    });
    print(&lines.collect::<String>())?;
    match verified
        .iter()
        .filter(|(_, verified)| verified.is_err())
        .count()
    {
        0 => Ok(()),
        count => Err(Exit::Unavailable(format!(
            "{count} of {} may not be loaded",
            verified.len()
        ))),
    }
}

/// The libraries that a configuration names, each once.
pub(crate) fn configured(config: &Config) -> Result<Vec<PathBuf>, Exit> {
    let mut paths = Vec::new();
    for adapter in &config.adapters {
        let path = libraries::find(&adapter.plugin, &config.gateway.plugin_dirs)
            .map_err(Exit::Unavailable)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn line(library: &Library) -> String {
    let manifest = library.manifest();
    let (name, version, protocol) = (manifest.name(), manifest.version(), manifest.protocol());
    let schemes = manifest.schemes().join(", ");
    let services = services(manifest).join(", ");
    let patience = manifest
        .patience()
        .map(|patience| format!(", patience {patience:?}"))
        .unwrap_or_default();
    let path = library.path().display();
    format!("{name} {version}: {protocol} ({schemes}), {services}{patience}, {path}\n")
}

fn info(library: &Library) -> String {
    let manifest = library.manifest();
    let list = |items: Vec<String>| match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    };
    let said = |text: Option<&str>| text.unwrap_or("not said").to_owned();
    let patience = manifest.patience();
    let facts = [
        ("name", manifest.name().to_owned()),
        ("version", manifest.version().to_owned()),
        ("licence", said(manifest.licence())),
        ("authors", said(manifest.authors())),
        ("protocol", manifest.protocol().to_owned()),
        ("schemes", list(manifest.schemes().to_vec())),
        ("services", services(manifest).join(", ")),
        (
            "found by DNS",
            list(manifest.lookups().iter().map(ToString::to_string).collect()),
        ),
        (
            "patience",
            patience.map_or_else(|| "as long as it takes".into(), |of| format!("{of:?}")),
        ),
        ("language", language(manifest).to_owned()),
        ("library", library.path().display().to_string()),
    ];
    let line = |(name, value): &(&str, String)| format!("{name:<13}{value}\n");
    facts.iter().map(line).collect()
}

fn language(manifest: &Manifest) -> &'static str {
    match manifest.language() {
        Language::Rust => "Rust, with the SDK",
        _ => "another than Rust, with the header",
    }
}

fn services(manifest: &Manifest) -> Vec<&'static str> {
    let offered = [
        ("messages", manifest.offers_messages()),
        ("dispositions", manifest.offers_dispositions()),
        ("presence", manifest.offers_presence()),
    ];
    let names = offered.into_iter().filter(|(_, is_offered)| *is_offered);
    names.map(|(name, _)| name).collect()
}

fn describe(library: &Library) -> serde_json::Value {
    let manifest = library.manifest();
    json!({
        "path": library.path().display().to_string(),
        "name": manifest.name(),
        "version": manifest.version(),
        "protocol": manifest.protocol(),
        "schemes": manifest.schemes(),
        "lookups": manifest.lookups().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "messages": manifest.offers_messages(),
        "dispositions": manifest.offers_dispositions(),
        "presence": manifest.offers_presence(),
        "patience_ms": manifest.patience().map(|patience| patience.as_millis() as u64),
        "licence": manifest.licence(),
        "authors": manifest.authors(),
        "language": language(manifest),
    })
}
