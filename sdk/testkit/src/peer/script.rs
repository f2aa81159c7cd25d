//! Dialogues that are written down.

use std::fmt;

use super::Conversation;

/// One side of a dialogue over lines: what the plugin has to say, and what it is told.
///
/// | line | does |
/// |---|---|
/// | `< HELLO rialto` | reads a line, which must be this one |
/// | `< SEND *` | reads a line that begins so |
/// | `> WELCOME` | sends this line |
/// | `! half-close` | sends nothing more |
/// | `! end` | reads until the plugin ends the connection, without another word |
/// | `# …`, or nothing | is for people |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    steps: Vec<(usize, Step)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Expect(String),
    ExpectBeginning(String),
    Send(String),
    HalfClose,
    End,
}

impl Script {
    /// Reads a script.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let steps = text.lines().enumerate().filter_map(|(index, line)| {
            let (number, line) = (index + 1, line.trim());
            match Step::parse(line) {
                _ if line.is_empty() || line.starts_with('#') => None,
                Some(step) => Some((number, step)),
                None => panic!("line {number} of the script, `{line}`, is no step"),
            }
        });
        Self {
            steps: steps.collect(),
        }
    }

    /// Plays it, step by step; a line that is not as it must be is a panic that names the step.
    pub(super) async fn play(&self, with: &mut Conversation) {
        for (number, step) in &self.steps {
            match step {
                Step::Send(line) => with.send_line(line).await,
                Step::HalfClose => with.half_close().await,
                Step::End => with.expect_end().await,
                Step::Expect(_) | Step::ExpectBeginning(_) => match with.line().await {
                    Some(line) if step.is(&line) => {}
                    Some(line) => {
                        panic!("line {number} of the script: {step}, but the plugin sent `{line}`")
                    }
                    None => panic!(
                        "line {number} of the script: {step}, but the plugin ended the connection"
                    ),
                },
            }
        }
    }
}

impl Step {
    fn parse(line: &str) -> Option<Self> {
        let (kind, rest) = line.split_at_checked(1)?;
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match (kind, rest) {
            (">", line) => Some(Self::Send(line.to_owned())),
            ("<", line) => Some(match line.strip_suffix('*') {
                Some(beginning) => Self::ExpectBeginning(beginning.to_owned()),
                None => Self::Expect(line.to_owned()),
            }),
            ("!", "half-close") => Some(Self::HalfClose),
            ("!", "end") => Some(Self::End),
            _ => None,
        }
    }

    fn is(&self, line: &str) -> bool {
        match self {
            Self::Expect(expected) => line == expected,
            Self::ExpectBeginning(beginning) => line.starts_with(beginning),
            Self::Send(_) | Self::HalfClose | Self::End => false,
        }
    }
}

/// As a script has it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(line) => write!(f, "< {line}"),
            Self::ExpectBeginning(beginning) => write!(f, "< {beginning}*"),
            Self::Send(line) => write!(f, "> {line}"),
            Self::HalfClose => f.write_str("! half-close"),
            Self::End => f.write_str("! end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_with_their_lines() {
        let script = Script::parse("# hello\n\n  < HELLO *\n> \n! end");
        let expected = [
            (3, Step::ExpectBeginning("HELLO ".into())),
            (4, Step::Send(String::new())),
            (5, Step::End),
        ];
        assert_eq!(script.steps, expected);
    }

    #[test]
    #[should_panic(expected = "line 2 of the script, `? what`, is no step")]
    fn what_is_no_step_is_named() {
        Script::parse("> a\n? what");
    }
}
