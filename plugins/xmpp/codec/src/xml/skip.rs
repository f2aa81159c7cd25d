//! The end of an element that the parser does not read on.

use super::ReadError;

/// Finds the end of an element by its tags alone, and looks at nothing else.
///
/// Begins within a tag, behind one of its attributes.
#[derive(Debug)]
pub(super) struct Skip {
    state: State,
    /// Elements that are open, the one whose end is sought among them once its head is closed.
    open: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Content,
    /// Behind `<`.
    Less,
    /// In a tag that opens an element.
    Head,
    /// In a quoted value of such a tag.
    Quoted(u8),
    /// Behind `/` in such a tag.
    Slash,
    /// In a tag that closes an element.
    Foot,
    /// In `<![CDATA[`, of which so many bytes behind `<!` have come.
    CdataBegin(usize),
    /// In a CDATA section, behind so many `]`, of which no more than two count.
    Cdata(u8),
}

/// Why an element's end cannot be found.
#[derive(Clone, Copy, Debug)]
pub(super) enum SkipError {
    Restricted(&'static str),
    NotWellFormed,
}

const CDATA: &[u8] = b"[CDATA[";

impl Skip {
    /// Stands in the tag of an element that is `open` elements below the one whose end is sought.
    pub(super) fn in_head(open: usize) -> Self {
        Self {
            state: State::Head,
            open: open as u64,
        }
    }

    /// Takes bytes; says how many, if the element ends with the last of them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Option<usize>, SkipError> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.step(byte)? {
                return Ok(Some(at + 1));
            }
        }
        Ok(None)
    }

    /// Takes one byte; is it the element's last?
    fn step(&mut self, byte: u8) -> Result<bool, SkipError> {
        self.state = match (self.state, byte) {
            (State::Content, b'<') => State::Less,
            (State::Content, _) => State::Content,
            (State::Less, b'/') => State::Foot,
            (State::Less, b'!') => State::CdataBegin(0),
            (State::Less, b'?') => return Err(SkipError::Restricted("processing instructions")),
            (State::Head, quote @ (b'\'' | b'"')) => State::Quoted(quote),
            (State::Quoted(quote), _) if quote == byte => State::Head,
            (State::Less | State::Head | State::Quoted(_) | State::Foot | State::Slash, b'<') => {
                return Err(SkipError::NotWellFormed);
            }
            (State::Quoted(quote), _) => State::Quoted(quote),
            (State::Head, b'/') => State::Slash,
            (State::Head, b'>') => {
                self.open += 1;
                State::Content
            }
            (State::Less | State::Head, _) => State::Head,
            (State::Slash, b'>') if self.open == 0 => return Ok(true),
            (State::Slash, b'>') => State::Content,
            (State::Slash, _) => return Err(SkipError::NotWellFormed),
            (State::Foot, b'>') => {
                self.open = self.open.saturating_sub(1);
                if self.open == 0 {
                    return Ok(true);
                }
                State::Content
            }
            (State::Foot, _) => State::Foot,
            (State::CdataBegin(have), _) if CDATA.get(have) != Some(&byte) => {
                return Err(SkipError::Restricted("comments and document types"));
            }
            (State::CdataBegin(have), _) if have + 1 == CDATA.len() => State::Cdata(0),
            (State::CdataBegin(have), _) => State::CdataBegin(have + 1),
            (State::Cdata(2), b'>') => State::Content,
            (State::Cdata(brackets), b']') => State::Cdata(2.min(brackets + 1)),
            (State::Cdata(_), _) => State::Cdata(0),
        };
        Ok(false)
    }
}

impl SkipError {
    pub(super) fn at(self, offset: u64) -> ReadError {
        match self {
            Self::Restricted(what) => ReadError::Restricted { offset, what },
            Self::NotWellFormed => ReadError::NotWellFormed {
                offset,
                problem: rxml::Error::InvalidSyntax("a tag that is none"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Skip, SkipError};

    /// How much of the text belongs to the element in whose tag it begins, byte by byte and whole.
    fn length(text: &str) -> Result<Option<usize>, SkipError> {
        let mut skip = Skip::in_head(0);
        let bytes = text.as_bytes();
        let mut by_bytes = bytes.chunks(1).zip(1..);
        let found = by_bytes.find(|(byte, _)| matches!(skip.take(byte), Ok(Some(_)) | Err(_)));
        let whole = Skip::in_head(0).take(bytes);
        if let Ok(whole) = whole {
            assert_eq!(found.map(|(_, at)| at), whole, "{text}");
        }
        whole
    }

    #[test]
    fn end_is_found_behind_whatever_looks_like_it() {
        for element in [
            "/>",
            " b='/>' c=\"'/>\" />",
            "></a>",
            " b='>'>text > /> \" ' ]]</a >",
            "><b/><b></b><b c='/a>'><d/></b></a>",
            "><![CDATA[</a>]] ]>]]]]></a>",
            "><![CDATA[</a>]]]></a>",
            "><![CDATA[]]><![CDATA[<]]></a>",
        ] {
            let followed = format!("{element}<c></c>");
            assert_eq!(length(&followed).unwrap(), Some(element.len()), "{element}");
            let before = element.trim_end_matches('>');
            assert_eq!(length(before).unwrap(), None, "{before}");
        }
        let below = Skip::in_head(2).take(b"/></b></a></stream>").unwrap();
        assert_eq!(below, Some("/></b></a>".len()));
    }

    #[test]
    fn markup_that_streams_forbid_is_no_element() {
        for text in [
            "><!-- </a> --></a>",
            "><!DOCTYPE a></a>",
            "><![CDAT[x]]></a>",
            "><?php ?></a>",
        ] {
            assert!(
                matches!(length(text), Err(SkipError::Restricted(_))),
                "{text}"
            );
        }
        for text in ["b='<'/>", "<", "></a<", "/ >", "><<"] {
            assert!(
                matches!(length(text), Err(SkipError::NotWellFormed)),
                "{text}"
            );
        }
    }
}
