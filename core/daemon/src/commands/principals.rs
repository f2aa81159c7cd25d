//! `rialto rules`: what principals say of their watchers and senders, in the running gateway.

use std::{fs, io, io::Read, path::Path};

use super::{
    ask::{ask, read},
    print,
};
use crate::{
    config::Config,
    control::{Ordered, Request, Rules, RulesOrder},
    exit::Exit,
    logging::one_line,
};

/// The longest text that is sent to the gateway, in bytes.
const MAX_TEXT: u64 = 512 << 10;

/// Shows the rules of a principal.
pub(crate) fn show(config: &Config, presentity: &str, as_json: bool) -> Result<(), Exit> {
    let presentity = presentity.to_owned();
    let answer = ask(config, &Request::RulesShow { presentity })?;
    let rules: Rules = read(&answer)?;
    match (rules.text, rules.problem) {
        (_, Some(problem)) => Err(Exit::NotDelivered(one_line(&problem))),
        _ if as_json => print(&answer),
        (Some(text), None) if text.is_empty() => print("# no rules\n"),
        (text, None) => print(&text.unwrap_or_default()),
    }
}

/// Puts the rules of a file, or of the standard input, in the place of all others.
pub(crate) fn set(config: &Config, presentity: &str, file: Option<&Path>) -> Result<(), Exit> {
    let text = match file {
        Some(path) => read_all(fs::File::open(path)),
        None => read_all(Ok(io::stdin())),
    };
    let text = text.map_err(|error| {
        let from = file.map_or_else(|| "the standard input".into(), Path::to_string_lossy);
        Exit::Usage(format!("the rules cannot be read from {from}: {error}"))
    })?;
    change(config, presentity, RulesOrder::Replaced(text))
}

/// Changes the rules of a principal.
pub(crate) fn change(config: &Config, presentity: &str, order: RulesOrder) -> Result<(), Exit> {
    let presentity = presentity.to_owned();
    let answer = ask(config, &Request::RulesChange { presentity, order })?;
    match read::<Ordered>(&answer)?.problem {
        None => Ok(()),
        Some(problem) => Err(Exit::NotDelivered(one_line(&problem))),
    }
}

fn read_all(source: io::Result<impl Read>) -> io::Result<String> {
    let mut text = String::new();
    source?.take(MAX_TEXT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_TEXT {
        let problem = format!("there are more than {MAX_TEXT} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(text)
}
