//! How what is kept is printed: a line for each, or JSON.

use super::super::print;
use crate::{
    control::{Entry, Shown},
    exit::Exit,
    logging::one_line,
};

/// A list that is printed as it comes.
pub(super) struct Listing {
    as_json: bool,
    count: u64,
}

impl Listing {
    pub(super) fn begin(as_json: bool) -> Result<Self, Exit> {
        if as_json {
            print("[")?;
        }
        Ok(Self { as_json, count: 0 })
    }

    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), Exit> {
        self.count += 1;
        if !self.as_json {
            return print(&line(entry));
        }
        let separator = if self.count == 1 { "\n" } else { ",\n" };
        print(&format!("{separator}{}", json(entry)?))
    }

    pub(super) fn end(self) -> Result<(), Exit> {
        match (self.as_json, self.count) {
            (true, _) => print("\n]\n"),
            (false, 0) => print("nothing is kept\n"),
            (false, _) => Ok(()),
        }
    }
}

/// `17  message  sip  im:a@sip.example → im:b@xmpp.example  12s old, 3 tries, resting, next in 4s, Unreachable`
fn line(entry: &Entry) -> String {
    let Entry {
        id,
        kind,
        adapter,
        source,
        destination,
        ..
    } = entry;
    let (source, destination) = (one_line(source), one_line(destination));
    let mut state = vec![format!("{} old", duration(entry.age_seconds))];
    state.push(match entry.attempts {
        0 => "not tried yet".to_owned(),
        1 => "1 try".to_owned(),
        many => format!("{many} tries"),
    });
    state.extend(entry.state.clone());
    let next_try = entry.next_try_seconds;
    state.extend(next_try.map(|seconds| format!("next in {}", duration(seconds))));
    state.push(format!("until in {}", duration(entry.expires_seconds)));
    state.extend(entry.last_failure.clone());
    format!(
        "{id}  {kind}  {adapter}  {source} → {destination}  {}\n",
        state.join(", ")
    )
}

/// All that is known of one: the line, and what its record says.
pub(super) fn describe(shown: &Shown) -> String {
    let fields = shown.record.iter();
    let fields = fields.map(|(name, value)| match value.as_str() {
        Some(text) => format!("  {name:<20} {}\n", one_line(text)),
        None => format!("  {name:<20} {value}\n"),
    });
    line(&shown.entry) + &fields.collect::<String>()
}

/// One line of JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Exit> {
    serde_json::to_string(value).map_err(|error| Exit::Internal(error.to_string()))
}

/// `3d 4h`, `1h 5m`, `2m 3s`, `12s`.
pub(in crate::commands) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_what_an_operator_wants_and_nothing_that_breaks_it() {
        let entry = Entry {
            id: 17,
            kind: "message".to_owned(),
            adapter: "sip".to_owned(),
            source: "im:a@sip.example".to_owned(),
            destination: "im:b\u{85}forged@xmpp.example".to_owned(),
            domain: None,
            state: Some("resting".to_owned()),
            age_seconds: 75,
            attempts: 3,
            last_failure: Some("Unreachable".to_owned()),
            next_try_seconds: Some(4),
            expires_seconds: 90_000,
        };
        assert_eq!(
            line(&entry),
            "17  message  sip  im:a@sip.example → im:b\\u{85}forged@xmpp.example  1m 15s old, 3 tries, resting, next in \
             4s, until in 1d 1h, Unreachable\n"
        );
    }
}
