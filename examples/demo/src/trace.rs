//! How the conversation looks in the terminal.

use std::io::{self, IsTerminal, Write};

use crate::{
    error::DemoError,
    flow::{Answered, Flow, Passage, Routed, Unroutable},
};

/// Writes to standard output: a label in the first column, what it labels in the second.
#[derive(Debug)]
pub(crate) struct Trace {
    out: io::Stdout,
    paint: Paint,
}

impl Trace {
    /// Uses colours if the output is a terminal, and the user has nothing against it.
    pub(crate) fn new() -> Self {
        let out = io::stdout();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let paint = if out.is_terminal() && !plain {
            Paint::Colours
        } else {
            Paint::None
        };
        Self { out, paint }
    }

    /// Begins a part of the story.
    pub(crate) fn title(&mut self, title: &str) -> Result<(), DemoError> {
        let title = self.paint.strong(title);
        self.put(&format!("\n{title}\n"))
    }

    /// Shows what went over a socket: `how` says between whom.
    pub(crate) fn wire(&mut self, label: &str, how: &str, wire: &str) -> Result<(), DemoError> {
        self.entry(label, how)?;
        let margin = self.paint.faint("│");
        let lines = readable(wire.trim_end());
        let lines = lines
            .lines()
            .map(|line| format!("  {margin} {}\n", visible(line)));
        self.put(&lines.collect::<String>())
    }

    /// Shows what the gateway's log says.
    pub(crate) fn flow(&mut self, flow: &Flow) -> Result<(), DemoError> {
        match flow {
            Flow::Received(Passage {
                adapter,
                transaction_id,
                source,
                destination,
            }) => {
                self.entry("operation", &format!("message, from the adapter {adapter}"))?;
                self.field("source", source)?;
                self.field("destination", destination)?;
                self.field("transaction", transaction_id)
            }
            Flow::Routed(Routed { passage, steps }) => {
                self.entry("route", &format!("to the adapter {}", passage.adapter))?;
                self.fields("why", steps.split("; "))?;
                self.field("shown as", &passage.source)?;
                self.field("goes to", &passage.destination)
            }
            Flow::Unroutable(Unroutable { steps, .. }) => {
                self.entry("route", "none")?;
                self.fields("why", steps.split("; "))
            }
            Flow::Answered(Answered {
                transaction_id,
                status,
                reason,
                detail,
            }) => {
                self.entry("response", status)?;
                self.field("transaction", transaction_id)?;
                self.field("reason", reason)?;
                self.field("detail", detail)
            }
        }
    }

    /// Shows one line with its label.
    pub(crate) fn entry(&mut self, label: &str, text: &str) -> Result<(), DemoError> {
        let label = self.paint.label(&format!("{label:<11}"));
        self.put(&format!("  {label} {}\n", visible(text)))
    }

    /// Shows text as it is.
    pub(crate) fn put(&mut self, text: &str) -> Result<(), DemoError> {
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        written.map_err(DemoError::io("the trace cannot be written"))
    }

    fn fields<'a>(
        &mut self,
        name: &str,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<(), DemoError> {
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        names
            .zip(values)
            .try_for_each(|(name, value)| self.field(name, value))
    }

    /// Shows a part of an entry, if there is anything to show.
    fn field(&mut self, name: &str, value: &str) -> Result<(), DemoError> {
        if value.is_empty() {
            return Ok(());
        }
        let name = self.paint.faint(&format!("{name:<13}"));
        self.put(&format!("              {name} {}\n", visible(value)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    None,
    Colours,
}

impl Paint {
    fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    fn label(self, text: &str) -> String {
        self.with("36", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::Colours => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Wire text for reading: XML gets a line for each element, the rest stays as it is.
fn readable(wire: &str) -> String {
    if !wire.starts_with('<') {
        return wire.to_owned();
    }
    let (mut depth, mut lines) = (0_usize, String::new());
    for line in wire.replace("><", ">\n<").lines() {
        let opens = line.starts_with('<') && !line.starts_with("</");
        let closes = line.contains("</") || line.ends_with("/>");
        if closes && !opens {
            depth = depth.saturating_sub(1);
        }
        // A further line of a text is no element.
        let indent = if line.starts_with('<') { depth } else { 0 };
        lines += &format!("{:1$}{line}\n", "", 2 * indent);
        if opens && !closes {
            depth += 1;
        }
    }
    lines
}

/// A line that cannot do anything to the terminal, whatever was sent.
fn visible(line: &str) -> String {
    line.chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanza_is_shown_with_a_line_for_each_element() {
        let stanza = "<message id='1'><body>a\nb</body><error><gone/></error></message>";
        let shown = "<message id='1'>\n  <body>a\nb</body>\n  <error>\n    <gone/>\n  </error>\n</message>\n";
        assert_eq!(readable(stanza), shown);
    }

    #[test]
    fn sip_is_shown_as_it_is() {
        let message = "MESSAGE sip:a@b SIP/2.0\r\n\r\n<a><b/></a>";
        assert_eq!(readable(message), message);
    }

    #[test]
    fn sender_cannot_send_commands_to_the_terminal() {
        assert_eq!(visible("\x1b[2Jgone"), "\u{fffd}[2Jgone");
    }
}
