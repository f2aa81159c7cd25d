//! One file of the configuration, and which line a key of it stands on.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;

/// A file that is TOML.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    text: String,
    lines: Arc<Lines>,
}

/// The line that a value stands on, counted from 1, and those of the values in it.
#[derive(Debug, Default)]
struct Lines {
    line: Option<usize>,
    keys: HashMap<String, Self>,
    items: Vec<Self>,
}

/// One step from a table to what is in it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Key(String),
    /// The n-th element that this file gives to a list.
    Index(usize),
}

impl File {
    /// Reads a file and sees that it is TOML.
    pub(super) fn read(path: PathBuf) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        match toml::from_str::<toml::Table>(&text) {
            Ok(_) => {
                let lines = Arc::new(Lines::of(&text));
                Ok(Self { path, text, lines })
            }
            Err(error) => {
                let line = error.span().map(|span| line_at(&text, span.start));
                // The message alone: what else the error says shows the line, and secrets stand on lines.
                Err(ConfigError::new("", error.message())
                    .at(Some(place(&path, line)))
                    .hint("the file must be TOML"))
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a key stands; the deepest step of the way to it that the file has.
    pub(super) fn place_of(&self, steps: &[Step]) -> String {
        place(&self.path, self.line_of(steps))
    }

    /// The line of a key.
    fn line_of(&self, steps: &[Step]) -> Option<usize> {
        let mut lines = &*self.lines;
        for step in steps {
            let inner = match step {
                Step::Key(key) => lines.keys.get(key),
                Step::Index(index) => lines.items.get(*index),
            };
            match inner {
                Some(inner) => lines = inner,
                None => break,
            }
        }
        lines.line
    }
}

impl Lines {
    /// Looks through a file once, however many keys will be asked for.
    fn of(text: &str) -> Self {
        let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at).collect();
        let line_of = |offset: usize| ends.partition_point(|end| *end < offset) + 1;
        match DeTable::parse(text) {
            Ok(root) => Self::of_table(root.get_ref(), &line_of),
            Err(_) => Self::default(), // `read` has refused it
        }
    }

    fn of_table(table: &DeTable<'_>, line_of: &impl Fn(usize) -> usize) -> Self {
        let lines = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let line = Some(line_of(key.span().start));
            let inner = Self::of_value(value.get_ref(), line_of);
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            (key.to_string(), Self { line, ..inner })
        };
        Self {
            keys: table.iter().map(lines).collect(),
            ..Self::default()
        }
    }

    fn of_value(value: &DeValue<'_>, line_of: &impl Fn(usize) -> usize) -> Self {
        match value {
            DeValue::Table(table) => Self::of_table(table, line_of),
            DeValue::Array(items) => {
                let lines = items.iter().map(|item| Self {
                    line: Some(line_of(item.span().start)),
                    ..Self::of_value(item.get_ref(), line_of)
                });
                Self {
                    items: lines.collect(),
                    ..Self::default()
                }
            }
            _ => Self::default(),
        }
    }
}

impl Provider for File {
    fn metadata(&self) -> Metadata {
        Metadata::from("file", self.path.as_path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let root = DeTable::parse(&self.text).map_err(|error| error.message().to_owned())?;
        Ok(Profile::Default.collect(dict(root.get_ref())))
    }
}

/// A file or folder that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::new("", format!("cannot be read: {error}"))
        .at(Some(path.display().to_string()))
        .hint("name the configuration file with --config FILE, and let the gateway's user read it")
}

fn place(path: &Path, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}

fn dict(table: &DeTable<'_>) -> Dict {
    table
        .iter()
        .map(|(key, entry)| (key.get_ref().to_string(), value(entry.get_ref())))
        .collect()
}

fn value(found: &DeValue<'_>) -> Value {
    match found {
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(integer.as_str()), // `read` has refused it
        },
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(float.as_str()),
        },
        DeValue::Boolean(boolean) => Value::from(*boolean),
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => Value::from(
            items
                .iter()
                .map(|item| value(item.get_ref()))
                .collect::<Vec<_>>(),
        ),
        DeValue::Table(table) => Value::from(dict(table)),
    }
}
