//! Golden messages: files with what goes in and what comes out, byte for byte.
//!
//! With `RIALTO_BLESS=1` in the environment what comes out is written down, to be looked at and kept. Without it, all that differs is shown.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use similar::{ChangeTag, TextDiff};

/// The variable that says that what comes out is right.
const BLESS: &str = "RIALTO_BLESS";

/// Compares what comes out with a file; its path begins at the crate's folder.
#[track_caller]
pub fn same(path: impl AsRef<Path>, came: impl AsRef<[u8]>) {
    let path = in_crate(path.as_ref());
    if let Err(difference) = compare(&path, came.as_ref()) {
        panic!("{difference}\n{BLESS}=1 takes it over");
    }
}

/// Hands each file `NAME.in` of a folder to a translation, and compares what comes of it with `NAME.out`. The folder's path begins at the crate's
/// folder; one without any such file is an error.
#[track_caller]
pub fn folder<O: AsRef<[u8]>>(path: impl AsRef<Path>, mut translate: impl FnMut(&[u8]) -> O) {
    let folder = in_crate(path.as_ref());
    let (mut differences, inputs) = (Vec::new(), inputs(&folder));
    assert!(
        !inputs.is_empty(),
        "{}: no file ends with .in",
        folder.display()
    );
    for input in inputs {
        let bytes = fs::read(&input).unwrap_or_else(|error| cannot("read", &input, &error));
        let came = translate(&bytes);
        differences.extend(compare(&input.with_extension("out"), came.as_ref()).err());
    }
    let (count, all) = (differences.len(), differences.join("\n\n"));
    assert!(
        count == 0,
        "{all}\n{count} differ; {BLESS}=1 takes them over"
    );
}

/// What is not the same, line by line, with what cannot be seen written as `\r`, `\t`, `\x00`; a line that does not end is followed by `⏎̸`.
pub fn difference(expected: &[u8], came: &[u8]) -> String {
    let (expected, came) = (visible(expected), visible(came));
    let changes = TextDiff::from_lines(&expected, &came);
    let lines = changes.iter_all_changes().map(|change| {
        let mark = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{mark} {}", change.value().trim_end_matches('\n'))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Bytes as text in which everything shows.
fn visible(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => text.push('\n'),
                '\\' => text.push_str("\\\\"),
                c if c.is_ascii_control() => text.extend(
                    c.to_string()
                        .bytes()
                        .flat_map(|byte| byte.escape_ascii())
                        .map(char::from),
                ),
                c if c.is_control() => text.extend(c.escape_unicode()),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str("⏎̸\n");
    }
    text
}

fn compare(path: &Path, came: &[u8]) -> Result<(), String> {
    if env::var_os(BLESS).is_some_and(|value| value == "1") {
        fs::write(path, came).unwrap_or_else(|error| cannot("write", path, &error));
        return Ok(());
    }
    match fs::read(path) {
        Ok(expected) if expected == came => Ok(()),
        Ok(expected) => {
            let difference = difference(&expected, came);
            Err(format!("{} says otherwise:\n{difference}", path.display()))
        }
        Err(error) => {
            let came = difference(&[], came);
            Err(format!("{}: {error}; there came:\n{came}", path.display()))
        }
    }
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| cannot("read", folder, &error));
    let files = entries.map(|entry| entry.map(|entry| entry.path()));
    let files: Result<Vec<_>, _> = files.collect();
    let mut files = files.unwrap_or_else(|error| cannot("read", folder, &error));
    files.retain(|file| file.extension().is_some_and(|ending| ending == "in"));
    files.sort();
    files
}

/// Cargo tells tests where their crate is.
fn in_crate(path: &Path) -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    folder.join(path)
}

#[track_caller]
fn cannot(what: &str, path: &Path, error: &std::io::Error) -> ! {
    panic!("cannot {what} {}: {error}", path.display())
}
