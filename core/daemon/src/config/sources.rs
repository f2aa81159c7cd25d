//! Where the configuration comes from, and which line a key stands on.

use std::{
    cell::RefCell,
    fs, io,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Source,
    providers::{Env, Serialized},
    value::{Dict, Value},
};

use super::{
    error::{ConfigError, ConfigErrors},
    file::{self, File, Step},
    section::Section,
    types::{Config, Draft},
};

/// The files, variables and flags of one run. Later ones win; lists of the files are joined.
#[derive(Debug)]
pub(crate) struct Sources {
    files: Vec<File>,
    flags: Vec<(String, String)>,
}

impl Sources {
    /// A variable counts when it has the prefix and names a key inside a table: `RIALTO_GATEWAY__DRAIN=5s`.
    const PREFIX: &str = "RIALTO_";

    /// Reads `path` and the files of the folder `conf.d` beside it, in the order of their names.
    pub(crate) fn read(path: &Path, flags: &[String]) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut files = Vec::new();
        let others = conf_d(path).unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        });
        for path in std::iter::once(path.to_owned()).chain(others) {
            match File::read(path) {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        let mut pairs = Vec::new();
        for flag in flags {
            match flag.split_once('=') {
                Some((key, value)) if key.split('.').all(|step| !step.is_empty()) => {
                    pairs.push((key.to_owned(), value.to_owned()));
                }
                // Not shown: what has no key may be a value, and values may be secret.
                _ => errors.push(
                    ConfigError::new("", "this is no key and value")
                        .at(Some("--set".into()))
                        .hint("write --set KEY=VALUE, like --set gateway.drain=5s"),
                ),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                files,
                flags: pairs,
            })
        } else {
            Err(ConfigErrors(errors))
        }
    }

    /// The folder of the configuration file.
    pub(super) fn folder(&self) -> &Path {
        let file = self.files.first().and_then(|file| file.path().parent());
        file.unwrap_or_else(|| Path::new(""))
    }

    /// Reads the configuration out of the sources; finds all that is wrong in one go.
    pub(crate) fn draft(&self) -> Result<Draft, ConfigErrors> {
        let figment = self.figment();
        let root: Dict = figment
            .extract()
            .map_err(|error| ConfigErrors(vec![ConfigError::new("", error.to_string())]))?;
        let errors = RefCell::new(Vec::new());
        let config = Config::read(Section::root(self, &figment, root, &errors));
        let mut errors = ConfigErrors(errors.into_inner());
        errors.0.extend(config.contradictions());
        Ok(Draft { config, errors })
    }

    fn figment(&self) -> Figment {
        let files = self
            .files
            .iter()
            .cloned()
            .fold(Figment::new(), Figment::admerge);
        let variables = Env::prefixed(Self::PREFIX)
            .filter(|key| key.as_str().contains("__"))
            .split("__");
        self.flags
            .iter()
            .fold(files.merge(variables), |figment, (key, value)| {
                let Ok(value) = value.parse::<Value>();
                figment.merge(Serialized::default(key, value))
            })
    }

    /// Where a value with this source stands: `rialto.toml:12`, or the name of its variable or flag.
    pub(super) fn place(&self, metadata: &Metadata, key: &str, steps: &[Step]) -> String {
        let Some(path) = metadata.source.as_ref().and_then(Source::file_path) else {
            return match metadata.name.as_ref().contains("environment") {
                true => format!("{}{}", Self::PREFIX, key.to_uppercase().replace('.', "__")),
                false => format!("--set {key}"),
            };
        };
        match self.files.iter().find(|file| file.path() == path) {
            Some(file) => file.place_of(steps),
            None => path.display().to_string(),
        }
    }
}

/// The files of `conf.d` beside `path`, by name; none when there is no such folder.
fn conf_d(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let folder = path
        .parent()
        .unwrap_or_else(|| Path::new(""))
        .join("conf.d");
    let list = || -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
        entries.collect()
    };
    let mut files = match list() {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(file::unreadable(&folder, &error)),
    };
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    Ok(files)
}
