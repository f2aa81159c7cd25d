//! `rialto plugins`: what the libraries say of themselves.

mod info;
mod keys;

use std::path::{Path, PathBuf};

use rialto_loader::{Digest, Library, Trust};
use serde_json::json;

use info::{describe, info, services};

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

/// Says all that one library says of itself. Without `trust`, whoever names it answers for it.
pub(crate) fn plugin_info(path: &Path, trust: Option<&Trust>, as_json: bool) -> Result<(), Exit> {
    let library = libraries::open(path, trust).map_err(Exit::Unavailable)?;
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
