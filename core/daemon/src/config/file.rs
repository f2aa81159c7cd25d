//! One file of the configuration, and which line a key of it stands on.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::error::ConfigError;

/// A file that is TOML.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    text: String,
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
            Ok(_) => Ok(Self { path, text }),
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

    /// The line of a key, counted from 1.
    fn line_of(&self, steps: &[Step]) -> Option<usize> {
        let root = DeTable::parse(&self.text).ok()?;
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
        span.map(|span| line_at(&self.text, span.start))
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
