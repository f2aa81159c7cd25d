//! One table of the configuration, read key by key so that every error is found.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, str::FromStr, time::Duration};

use figment::{
    Figment,
    value::{Dict, Tag, Value},
};
use serde::de::DeserializeOwned;

use super::{duration, error::ConfigError, file::Step, size, sources::Sources};

/// A table; remembers which keys were asked for, so that [`finish`](Self::finish) can name the others.
pub(super) struct Section<'a> {
    sources: &'a Sources,
    figment: &'a Figment,
    errors: &'a RefCell<Vec<ConfigError>>,
    key: String,
    steps: Vec<Step>,
    tag: Option<Tag>,
    dict: Dict,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(
        sources: &'a Sources,
        figment: &'a Figment,
        dict: Dict,
        errors: &'a RefCell<Vec<ConfigError>>,
    ) -> Self {
        let (key, steps, known) = (String::new(), Vec::new(), Vec::new());
        Self {
            sources,
            figment,
            errors,
            key,
            steps,
            tag: None,
            dict,
            known,
        }
    }

    /// Whether a key is there.
    pub(super) fn contains(&mut self, key: &'static str) -> bool {
        self.known.push(key);
        self.dict.contains_key(key)
    }

    /// The value of a key, if it is there and of the right type.
    pub(super) fn value<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        match value.deserialize() {
            Ok(wanted) => Some(wanted),
            Err(error) => {
                self.problem(key, value.tag(), error.kind.to_string(), None);
                None
            }
        }
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        hint: &str,
    ) -> Option<T> {
        if !self.dict.contains_key(key) {
            self.know(key);
            self.missing(key, hint);
            return None;
        }
        self.value(key)
    }

    /// A text that `T` reads.
    pub(super) fn parsed<T>(&mut self, key: &'static str) -> Option<T>
    where
        T: FromStr<Err: ToString>,
    {
        self.know(key);
        let tag = self.dict.get(key)?.tag();
        let text: String = self.value(key)?;
        self.checked(
            key,
            tag,
            text.parse().map_err(|error: T::Err| error.to_string()),
        )
    }

    /// A text that `T` reads and that must be there.
    pub(super) fn required_parsed<T>(&mut self, key: &'static str, hint: &str) -> Option<T>
    where
        T: FromStr<Err: ToString>,
    {
        if !self.dict.contains_key(key) {
            self.know(key);
            self.missing(key, hint);
        }
        self.parsed(key)
    }

    /// A list of texts that `T` reads.
    pub(super) fn parsed_list<T>(&mut self, key: &'static str) -> Vec<T>
    where
        T: FromStr<Err: ToString>,
    {
        let Some(tag) = self.dict.get(key).map(Value::tag) else {
            self.know(key);
            return Vec::new();
        };
        let texts: Vec<String> = self.value(key).unwrap_or_default();
        let read = |text: String| {
            self.checked(
                key,
                tag,
                text.parse().map_err(|error: T::Err| error.to_string()),
            )
        };
        texts.into_iter().filter_map(read).collect()
    }

    /// A duration with its unit.
    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        self.know(key);
        let tag = self.dict.get(key)?.tag();
        let text: String = self.value(key)?;
        self.checked(key, tag, duration::parse(&text))
    }

    /// A size: a number of bytes, or a text with its unit.
    pub(super) fn size(&mut self, key: &'static str) -> Option<u64> {
        self.know(key);
        let value = self.dict.get(key)?;
        let tag = value.tag();
        if matches!(value, Value::Num(..)) {
            return self.value(key);
        }
        let text: String = self.value(key)?;
        self.checked(key, tag, size::parse(&text))
    }

    /// A path; a relative one begins where the configuration file is.
    pub(super) fn beside(&self, path: PathBuf) -> PathBuf {
        self.sources.folder().join(path)
    }

    /// A table in this one; an empty one when it is not there.
    pub(super) fn table(&mut self, key: &'static str) -> Self {
        let value = self.take(key).unwrap_or_else(|| Value::from(Dict::new()));
        self.inner(key.to_owned(), vec![Step::Key(key.to_owned())], value)
    }

    /// The tables in a table, by name.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<(String, Self)> {
        let table = self.table(key);
        let names: Vec<_> = table.dict.clone().into_iter().collect();
        names
            .into_iter()
            .map(|(name, value)| {
                let inner = table.inner(name.clone(), vec![Step::Key(name.clone())], value);
                (name, inner)
            })
            .collect()
    }

    /// The tables of a list.
    pub(super) fn list(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array().map(<[Value]>::to_vec) else {
            self.problem(
                key,
                value.tag(),
                format!("write [[{key}]] for each one"),
                None,
            );
            return Vec::new();
        };
        // Lists of several files are joined: the line is looked up by the index within the file.
        let mut counted: Vec<(Tag, usize)> = Vec::new();
        let mut index_in_file = |tag: Tag| match counted.iter_mut().find(|(known, _)| *known == tag)
        {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                counted.push((tag, 0));
                0
            }
        };
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| {
                let steps = vec![
                    Step::Key(key.to_owned()),
                    Step::Index(index_in_file(item.tag())),
                ];
                self.inner(format!("{key}[{index}]"), steps, item)
            })
            .collect()
    }

    /// The rest of this table as JSON, for whoever knows what belongs there.
    pub(super) fn into_json(self) -> String {
        serde_json::to_string(&Value::from(self.dict)).unwrap_or_default()
    }

    /// Where this table stands, and each key and item in it, by its name with dots: `adapters.sip.config.listen[0]`.
    pub(super) fn places(&self) -> BTreeMap<String, String> {
        let mut places = BTreeMap::new();
        if let Some(place) = self.place() {
            places.insert(self.key.clone(), place);
        }
        for (key, value) in &self.dict {
            self.note_places(&mut places, join(&self.key, key), self.steps_to(key), value);
        }
        places
    }

    fn note_places(
        &self,
        places: &mut BTreeMap<String, String>,
        key: String,
        steps: Vec<Step>,
        value: &Value,
    ) {
        let one_more = |step| steps.iter().cloned().chain([step]).collect();
        match value {
            Value::Dict(_, dict) => dict.iter().for_each(|(name, inner)| {
                let steps = one_more(Step::Key(name.clone()));
                self.note_places(places, join(&key, name), steps, inner);
            }),
            Value::Array(_, items) => items.iter().enumerate().for_each(|(index, inner)| {
                let steps = one_more(Step::Index(index));
                self.note_places(places, format!("{key}[{index}]"), steps, inner);
            }),
            _ => {}
        }
        if let Some(place) = self.place_of(value.tag(), &key, &steps) {
            places.insert(key, place);
        }
    }

    /// The name of this table, with dots.
    pub(super) fn key(&self) -> String {
        self.key.clone()
    }

    /// Where this table stands.
    pub(super) fn place(&self) -> Option<String> {
        self.tag
            .and_then(|tag| self.place_of(tag, &self.key, &self.steps))
    }

    /// A key of this table with dots, and where it stands.
    pub(super) fn place_of_key(&self, key: &'static str) -> (String, Option<String>) {
        let path = join(&self.key, key);
        let tag = self.dict.get(key).map(Value::tag);
        let place = tag.and_then(|tag| self.place_of(tag, &path, &self.steps_to(key)));
        (path, place)
    }

    /// Reports what is wrong with the value of a key.
    pub(super) fn report(&self, key: &'static str, problem: impl Into<String>, hint: &str) {
        let tag = self.dict.get(key).map(Value::tag).or(self.tag);
        self.push(key, tag, problem.into(), Some(hint.to_owned()));
    }

    /// Reports what is wrong with this table itself.
    pub(super) fn refuse(&self, problem: &str, hint: &str) {
        let error = ConfigError::new(self.key.clone(), problem).at(self.place());
        self.errors.borrow_mut().push(error.hint(hint));
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, value) in &self.dict {
            if self.known.contains(&key.as_str()) {
                continue;
            }
            let near = self.known.iter().max_by(|a, b| {
                strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key))
            });
            let hint = match near.filter(|known| strsim::jaro_winkler(known, key) > 0.8) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            self.push(key, Some(value.tag()), "unknown key".into(), Some(hint));
        }
    }

    fn know(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.know(key);
        self.dict.get(key).cloned()
    }

    fn missing(&self, key: &str, hint: &str) {
        self.push(
            key,
            self.tag,
            "this key is needed".into(),
            Some(hint.to_owned()),
        );
    }

    fn checked<T>(&self, key: &str, tag: Tag, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|problem| self.problem(key, tag, problem, None))
            .ok()
    }

    fn problem(&self, key: &str, tag: Tag, problem: String, hint: Option<String>) {
        self.push(key, Some(tag), problem, hint);
    }

    fn push(&self, key: &str, tag: Option<Tag>, problem: String, hint: Option<String>) {
        let path = join(&self.key, key);
        let place = tag.and_then(|tag| self.place_of(tag, &path, &self.steps_to(key)));
        let error = ConfigError::new(path, problem).at(place);
        self.errors.borrow_mut().push(match hint {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }

    fn steps_to(&self, key: &str) -> Vec<Step> {
        let last = Step::Key(key.to_owned());
        self.steps.iter().cloned().chain([last]).collect()
    }

    fn place_of(&self, tag: Tag, key: &str, steps: &[Step]) -> Option<String> {
        self.figment
            .get_metadata(tag)
            .map(|metadata| self.sources.place(metadata, key, steps))
    }

    fn inner(&self, key: String, steps: Vec<Step>, value: Value) -> Self {
        let tag = value.tag();
        let (dict, wrong) = match value {
            Value::Dict(_, dict) => (dict, false),
            _ => (Dict::new(), true),
        };
        let section = Self {
            key: join(&self.key, &key),
            steps: self.steps.iter().cloned().chain(steps).collect(),
            tag: Some(tag),
            dict,
            known: Vec::new(),
            ..*self
        };
        if wrong {
            section.refuse(
                "a table is needed here",
                &format!("write [{}]", section.key),
            );
        }
        section
    }
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}
