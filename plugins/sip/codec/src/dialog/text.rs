//! A dialog as text, to be kept by somebody else.
//!
//! A line each: Call-ID, our tag and URI, the other end's tag and URI, its target, and the routes.

use std::{fmt, str::FromStr};

use super::{Dialog, DialogError, End, is_route, is_target};
use crate::{HeaderName, Uri, header::read_word, lex, lex::Cursor};

impl fmt::Display for Dialog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            call_id,
            local,
            remote,
            target,
            routes,
        } = self;
        write!(formatter, "{call_id}\n{} {}", local.tag, local.uri)?;
        write!(formatter, "\n{} {}\n{target}", remote.tag, remote.uri)?;
        routes
            .iter()
            .try_for_each(|route| write!(formatter, "\n{route}"))
    }
}

impl FromStr for Dialog {
    type Err = DialogError;

    /// Reads what `Display` wrote; whatever else the text holds, the dialog can be written as requests.
    fn from_str(text: &str) -> Result<Self, DialogError> {
        let mut lines = text.split('\n');
        let mut next = || lines.next().ok_or(DialogError::Text);
        let call_id = call_id(next()?)?;
        let (local, remote) = (End::parse(next()?)?, End::parse(next()?)?);
        let target = next()?;
        if !Uri::parse(target).is_ok_and(is_target) {
            return Err(DialogError::Text);
        }
        let routes: Vec<String> = lines.map(route).collect::<Result<_, _>>()?;
        if routes.len() > Self::MAX_ROUTES {
            return Err(DialogError::TooManyRoutes);
        }
        let dialog = Self {
            call_id,
            local,
            remote,
            target: target.to_owned(),
            routes,
        };
        dialog.bounded()
    }
}

impl End {
    fn parse(line: &str) -> Result<Self, DialogError> {
        let (tag, uri) = line.split_once(' ').ok_or(DialogError::Text)?;
        if !lex::is_token(tag) || Uri::parse(uri).is_err() {
            return Err(DialogError::Text);
        }
        Ok(Self {
            uri: uri.to_owned(),
            tag: tag.to_owned(),
        })
    }
}

fn call_id(line: &str) -> Result<String, DialogError> {
    let mut cursor = Cursor::new(HeaderName::CallId, 0, line);
    let word = read_word(&mut cursor).map_err(|_| DialogError::Text)?;
    match word == line {
        true => Ok(line.to_owned()),
        false => Err(DialogError::Text),
    }
}

fn route(line: &str) -> Result<String, DialogError> {
    match Uri::parse(line).is_ok_and(is_route) {
        true => Ok(line.to_owned()),
        false => Err(DialogError::Text),
    }
}
