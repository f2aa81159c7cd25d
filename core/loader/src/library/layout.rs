//! Whether a plugin and this gateway mean the same by the contract.
#![expect(unsafe_code, reason = "reads what the library exports")]

use abi_stable::library::lib_header_from_path;
use rialto_abi::{self as abi, rust::RootRef};
use rialto_bridge::{Malformed, read};

use super::{Language, Source};
use crate::LoadError;

/// What only plugins of Rust export.
pub(super) const RUST_SYMBOL: &str = "_1as_0lib_1header_0root_bmodule_bloader";
/// No contract has that many fields.
const MAX_FIELDS: usize = 10_000;

/// A field, with its names read.
#[derive(PartialEq)]
struct Field<'a> {
    of: &'a str,
    name: &'a str,
    offset: u32,
    size: u32,
}

/// Compares fields, then, if they are equal and the plugin is of Rust, all that `abi_stable` knows, which would refuse growth.
///
/// # Safety
/// The table follows the contract.
pub(super) unsafe fn check(
    source: &Source<'_>,
    table: &abi::Plugin,
    exported: *const abi::Plugin,
    language: Language,
) -> Result<(), LoadError> {
    let layout = |difference: String| LoadError::Layout {
        path: source.path.to_owned(),
        difference,
    };
    // SAFETY: the caller's promise.
    let same = unsafe { compare(table) }.map_err(layout)?;
    if same && language == Language::Rust {
        let root = lib_header_from_path(source.from)
            .and_then(|header| header.init_root_module::<RootRef>())
            .map_err(|error| layout(cause(&error.to_string())))?;
        if !std::ptr::eq(root.plugin(), exported) {
            return Err(layout("it exports two different tables".to_owned()));
        }
    }
    Ok(())
}

/// Fields of one struct that share bytes must be the same field: so a struct may grow at its end on either side, and nothing
/// else may change. False: one side has grown.
///
/// # Safety
/// The table follows the contract.
unsafe fn compare(table: &abi::Plugin) -> Result<bool, String> {
    if table.layout.is_null() {
        return Ok(false);
    }
    if table.layout_len > MAX_FIELDS {
        return Err(format!("it lists {} fields", table.layout_len));
    }
    if !table.layout.is_aligned() {
        return Err("its list of fields lies at an odd address".to_owned());
    }
    // SAFETY: not null, aligned, bounded, and the caller's promise.
    let theirs = unsafe { std::slice::from_raw_parts(table.layout, table.layout_len) };
    // SAFETY: the caller's promise, and our own constants.
    let (theirs, ours) = unsafe { (fields(theirs)?, fields(abi::LAYOUT)?) };
    for their in &theirs {
        let other = ours
            .iter()
            .find(|our| our.of == their.of && our.overlaps(their) && *our != their);
        if let Some(our) = other {
            return Err(format!(
                "the plugin has {}, the gateway {}",
                their.place(),
                our.place()
            ));
        }
    }
    Ok(theirs == ours)
}

/// # Safety
/// The fields' names follow the contract.
unsafe fn fields(raw: &[abi::Field]) -> Result<Vec<Field<'_>>, String> {
    raw.iter()
        .map(|field| {
            // SAFETY: the caller's promise.
            let (of, name) = unsafe {
                (
                    read::text("a struct's name", field.of),
                    read::text("a field's name", field.name),
                )
            };
            Ok(Field {
                of: identifier(of)?,
                name: identifier(name)?,
                offset: field.offset,
                size: field.size,
            })
        })
        .collect()
}

/// What can be shown in a line.
fn identifier(text: Result<&str, Malformed>) -> Result<&str, String> {
    const LONGEST: usize = 64;
    let text = text.map_err(|error| error.to_string())?;
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match (1..=LONGEST).contains(&text.len()) && text.bytes().all(belongs) {
        true => Ok(text),
        false => Err("it lists a field without a name".to_owned()),
    }
}

impl Field<'_> {
    const fn end(&self) -> u32 {
        self.offset.saturating_add(self.size)
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }

    fn place(&self) -> String {
        let (of, name, from, to) = (self.of, self.name, self.offset, self.end());
        format!("{of}.{name} at bytes {from} to {to}")
    }
}

/// `abi_stable`'s report has hundreds of lines, outermost type first. The innermost type's error is its end: the way there, field by
/// field, then both layouts, then the error itself.
fn cause(report: &str) -> String {
    const LINES: usize = 12;
    const LONGEST: usize = 300;
    let lines: Vec<_> = report
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = |begins: &str| lines.iter().rposition(|line| line.contains(begins));
    let (way, error) = (last("error(s)inside:"), last("Error:"));
    let way: Vec<_> = lines
        .iter()
        .skip(way.unwrap_or(lines.len()))
        .take_while(|line| !line.starts_with("Layout of"))
        .filter_map(|line| line.strip_prefix("field_name:"))
        .filter(|name| *name != "0") // of a reference
        .collect();
    let error: Vec<_> = lines
        .iter()
        .skip(error.unwrap_or(0))
        .take(LINES)
        .map(|line| line.trim_start_matches("Error:"))
        .collect();
    let cause = [way.join("."), error.join(" ")];
    let cause: Vec<_> = cause.into_iter().filter(|part| !part.is_empty()).collect();
    cause.join(": ").chars().take(LONGEST).collect()
}
