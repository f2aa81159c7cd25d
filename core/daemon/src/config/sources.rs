//! Where the configuration comes from, and which line a key stands on.

use std::{
    cell::RefCell,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Source,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Value},
};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::{
    error::{ConfigError, ConfigErrors},
    section::Section,
    types::Config,
};

/// The files, variables and flags of one run. Later ones win; lists of the files are joined.
#[derive(Debug)]
pub(crate) struct Sources {
    files: Vec<(PathBuf, String)>,
    flags: Vec<(String, String)>,
}

impl Sources {
    /// A variable counts when it has the prefix and names a key inside a table: `RIALTO_GATEWAY__DRAIN=5s`.
    const PREFIX: &str = "RIALTO_";

    /// Reads `path` and the files of the folder `conf.d` beside it, in the order of their names.
    pub(crate) fn read(path: &Path, flags: &[String]) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut files = Vec::new();
        for path in std::iter::once(path.to_owned()).chain(conf_d(path)) {
            match fs::read_to_string(&path) {
                Ok(text) => files.push((path, text)),
                Err(error) => errors.push(
                    ConfigError::new("", format!("cannot be read: {error}"))
                        .at(Some(path.display().to_string()))
                        .hint("name the configuration file with --config FILE"),
                ),
            }
        }
        let mut pairs = Vec::new();
        for flag in flags {
            match flag.split_once('=') {
                Some((key, value)) => pairs.push((key.to_owned(), value.to_owned())),
                None => errors.push(
                    ConfigError::new("", format!("`{flag}` has no `=`"))
                        .at(Some("--set".into()))
                        .hint("write --set KEY=VALUE, like --set gateway.drain=5s"),
                ),
            }
        }
        errors.extend(
            files
                .iter()
                .filter_map(|(path, text)| syntax_error(path, text)),
        );
        if errors.is_empty() {
            Ok(Self {
                files,
                flags: pairs,
            })
        } else {
            Err(ConfigErrors(errors))
        }
    }

    /// Reads the configuration out of the sources; finds all that is wrong in one go.
    pub(crate) fn config(&self) -> Result<Config, ConfigErrors> {
        let figment = self.figment();
        let root: Dict = figment
            .extract()
            .map_err(|error| ConfigErrors(vec![ConfigError::new("", error.to_string())]))?;
        let errors = RefCell::new(Vec::new());
        let config = Config::read(Section::root(self, &figment, root, &errors));
        let errors = errors.into_inner();
        if errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(errors))
        }
    }

    fn figment(&self) -> Figment {
        let files = self
            .files
            .iter()
            .fold(Figment::new(), |figment, (path, _)| {
                figment.admerge(Toml::file_exact(path))
            });
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
        let text = self
            .files
            .iter()
            .find(|(file, _)| same_file(file, path))
            .map(|(_, text)| text.as_str());
        match text.and_then(|text| line_of(text, steps)) {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        }
    }
}

/// One step from a table to what is in it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Key(String),
    /// The n-th element that this file gives to a list.
    Index(usize),
}

/// The line of a key, counted from 1; of the deepest step that the text has.
fn line_of(text: &str, steps: &[Step]) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = Some(root.get_ref());
    let mut list: Option<&DeArray<'_>> = None;
    let mut span = None;
    for step in steps {
        let (at, value): (Range<usize>, &Spanned<DeValue<'_>>) = match (step, table, list) {
            (Step::Key(key), Some(table), _) => match table.get_key_value(key.as_str()) {
                Some((name, value)) => (name.span(), value),
                None => break,
            },
            (Step::Index(index), _, Some(list)) => match list.get(*index) {
                Some(value) => (value.span(), value),
                None => break,
            },
            _ => break,
        };
        span = Some(at);
        table = value.get_ref().as_table();
        list = value.get_ref().as_array();
    }
    span.map(|span| line_at(text, span.start))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn syntax_error(path: &Path, text: &str) -> Option<ConfigError> {
    let error = DeTable::parse(text).err()?;
    let place = match error.span() {
        Some(span) => format!("{}:{}", path.display(), line_at(text, span.start)),
        None => path.display().to_string(),
    };
    Some(
        ConfigError::new("", error.message())
            .at(Some(place))
            .hint("the file must be TOML"),
    )
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b
        || fs::canonicalize(a)
            .ok()
            .zip(fs::canonicalize(b).ok())
            .is_some_and(|(a, b)| a == b)
}

/// The files of `conf.d` beside `path`, by name; none when there is no such folder.
fn conf_d(path: &Path) -> Vec<PathBuf> {
    let folder = path
        .parent()
        .unwrap_or_else(|| Path::new(""))
        .join("conf.d");
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}
