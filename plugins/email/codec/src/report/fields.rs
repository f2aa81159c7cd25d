//! Groups of fields: the body of reports, and the header of what they return.

use crate::limits::{MAX_REPORT, MAX_REPORT_RECIPIENTS};

/// Fields between two empty lines, by their names in lower case, unfolded.
#[derive(Debug, Default)]
pub(super) struct Group {
    fields: Vec<(String, String)>,
}

impl Group {
    /// The first field of that name, which is given in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// What stands behind the type: `rfc822; someone@example.com`.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        let value = value.split_once(';').map_or(value, |(_, value)| value);
        Some(value.trim()).filter(|value| !value.is_empty())
    }
}

/// All groups, at most one for each recipient and one for the message. Lines may end with CRLF, LF, or CR as on old systems.
pub(super) fn groups(octets: &[u8]) -> Vec<Group> {
    let octets = octets.get(..MAX_REPORT).unwrap_or(octets);
    let text = String::from_utf8_lossy(octets)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut groups: Vec<Group> = Vec::new();
    let mut current = Group::default();
    for line in text.split('\n').chain([""]) {
        if !line.trim().is_empty() {
            push(&mut current, line);
        } else if !current.fields.is_empty() {
            groups.push(std::mem::take(&mut current));
            if groups.len() > MAX_REPORT_RECIPIENTS {
                break;
            }
        }
    }
    groups
}

/// Adds a line: a field, or a fold of the one before. What is neither is passed by.
fn push(group: &mut Group, line: &str) {
    if line.starts_with([' ', '\t'])
        && let Some((_, value)) = group.fields.last_mut()
    {
        if value.len() < MAX_FIELD {
            value.push(' ');
            value.push_str(line.trim());
        }
        return;
    }
    if let Some((name, value)) = line.split_once(':')
        && group.fields.len() < MAX_FIELDS
    {
        group
            .fields
            .push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Fields of a group that are read.
const MAX_FIELDS: usize = 500;
/// Octets after which no fold is added to a field.
const MAX_FIELD: usize = 8192;
