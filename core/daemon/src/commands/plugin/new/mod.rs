//! `rialto plugin new`: a plugin to begin with, in a folder of its own.

mod name;
mod sources;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

pub(crate) use name::PluginName;

use crate::{commands::print, exit::Exit};

/// What a plugin is to be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With the SDK.
    Rust,
    /// With the header alone.
    C,
}

/// What is to be made, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct New<'a> {
    pub(crate) name: &'a PluginName,
    pub(crate) language: Language,
    pub(crate) path: Option<&'a Path>,
    pub(crate) sdk: Option<&'a Path>,
}

/// A file of the plugin.
struct Source {
    path: &'static str,
    text: String,
}

/// Writes the files, into a folder that does not exist or is empty.
pub(crate) fn new(new: &New<'_>) -> Result<(), Exit> {
    let folder = new
        .path
        .map_or_else(|| PathBuf::from(new.name.as_str()), Path::to_owned);
    let sources = match new.language {
        Language::Rust => sources::rust(new.name, &sources::Sdk::find(new.sdk)?),
        Language::C => sources::c(new.name),
    };
    write(&folder, &sources).map_err(|error| {
        Exit::Unavailable(format!(
            "{}: the plugin cannot be written: {error}",
            folder.display()
        ))
    })?;
    print(&format!(
        "{} is there; what comes next is in {}\n",
        new.name,
        folder.join("README.md").display()
    ))
}

fn write(folder: &Path, sources: &[Source]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::other("the folder is not empty"));
    }
    for source in sources {
        let path = folder.join(source.path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, &source.text)?;
    }
    Ok(())
}
