//! The keys of a plugin's configuration, for people.

use rialto_loader::ConfigSchema;
use serde_json::Value;

/// One line for each key: its name, its type, its default, and what it is for. Those of tables follow their table.
pub(super) fn lines(schema: &ConfigSchema) -> String {
    let mut keys = Keys {
        root: schema.document(),
        lines: String::new(),
    };
    keys.add(keys.root, "", 0);
    match keys.lines.is_empty() {
        true => "  has no keys\n".to_owned(),
        false => keys.lines,
    }
}

/// Deeper tables are not shown: a schema may go round in circles.
const MAX_DEPTH: usize = 4;

struct Keys<'a> {
    root: &'a Value,
    lines: String,
}

impl<'a> Keys<'a> {
    fn add(&mut self, table: &'a Value, within: &str, depth: usize) {
        let needed: Vec<_> = texts(table.get("required")).collect();
        let keys = table.get("properties").and_then(Value::as_object);
        for (name, key) in keys.into_iter().flatten() {
            let (meant, is_needed) = (self.meant(key), needed.contains(&name.as_str()));
            let name = format!("{within}{name}");
            self.lines += &line(&name, key, meant, is_needed);
            if depth < MAX_DEPTH {
                self.add(meant, &format!("{name}."), depth + 1);
            }
        }
    }

    /// What a key refers to, if it does; of several forms the first.
    fn meant(&self, key: &'a Value) -> &'a Value {
        let first = key.get("anyOf").and_then(|forms| forms.get(0));
        let key = first.unwrap_or(key);
        let pointer = key.get("$ref").and_then(Value::as_str);
        let pointer = pointer.and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|to| self.root.pointer(to)).unwrap_or(key)
    }
}

fn line(name: &str, key: &Value, meant: &Value, is_needed: bool) -> String {
    let kind = kind(meant);
    let default = match key.get("default") {
        Some(Value::Null | Value::Object(_)) | None => String::new(),
        Some(value) => format!(", {value} by default"),
    };
    let needed = if is_needed { ", needed" } else { "" };
    let said = |of: &Value| {
        of.get("description")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let purpose = said(key).or_else(|| said(meant)).unwrap_or_default();
    let purpose = purpose.lines().next().unwrap_or_default();
    let line = format!("  {name} ({kind}{default}{needed})  {purpose}");
    format!("{}\n", line.trim_end())
}

fn kind(schema: &Value) -> String {
    let names = texts(schema.get("enum")).map(|name| format!("{name:?}"));
    let forms = schema.get("oneOf").and_then(Value::as_array);
    let named = forms
        .into_iter()
        .flatten()
        .filter_map(|form| form.get("const"));
    let named: Vec<_> = names.chain(named.map(ToString::to_string)).collect();
    if !named.is_empty() {
        return named.join(" or ");
    }
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    let types: Vec<_> = texts(schema.get("type"))
        .filter(|name| *name != "null")
        .collect();
    match types.as_slice() {
        [] => "any".to_owned(),
        types => types.join(" or "),
    }
}

/// A text, or those of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array);
    let many = many.into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}
