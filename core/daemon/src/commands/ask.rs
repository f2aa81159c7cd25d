//! `rialto send` and `rialto status`: what is asked of the running gateway.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use super::print;
use crate::{
    config::{Config, GatewayConfig},
    control::{Message, Reply, Request, Status},
    exit::Exit,
    logging::one_line,
    measures::Figure,
    storage::StoreStatus,
};

/// The longest that the gateway works on an operation, and a little more.
const PATIENCE: Duration = GatewayConfig::MAX_DEADLINE.saturating_add(Duration::from_secs(10));

/// Sends a message and waits for how it ended.
pub(crate) fn send(config: &Config, message: Message, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Send(message))?;
    let reply: Reply = read(&answer)?;
    if as_json {
        print(&answer)?;
    } else {
        print(&format!("{}\n", reply.status))?;
    }
    if reply.status != "failure" {
        return Ok(());
    }
    let (reason, detail) = (
        reply.reason.unwrap_or_default(),
        reply.detail.unwrap_or_default(),
    );
    // The detail may be the far side's words.
    Err(Exit::NotDelivered(one_line(&format!("{reason}: {detail}"))))
}

/// Shows what the gateway has done, and how its adapters are.
pub(crate) fn status(config: &Config, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Status)?;
    let status: Status = read(&answer)?;
    if as_json {
        return print(&answer);
    }
    let mut text = match &*status.not_ready {
        [] => "ready\n\n".to_owned(),
        reasons => {
            reasons
                .iter()
                .map(|why| format!("not ready: {}\n", one_line(why)))
                .collect::<String>()
                + "\n"
        }
    };
    for (name, value) in &status.router {
        text += &format!("{name:<20} {value}\n");
    }
    text += "\n";
    for (name, value) in &status.custody {
        text += &format!("{name:<20} {value}\n");
    }
    if let Some(seconds) = status.oldest_seconds {
        text += &format!("{:<20} {seconds} s\n", "oldest");
    }
    if !status.presence.is_empty() {
        text += "\npresence\n";
    }
    for (name, value) in &status.presence {
        text += &format!("  {name:<18} {value}\n");
    }
    text += &status
        .store
        .as_ref()
        .map_or_else(|| "\nstore: none\n".to_owned(), of_store);
    for (name, adapter) in &status.adapters {
        let health = adapter
            .degraded
            .as_deref()
            .map_or_else(|| "up".into(), one_line);
        let process = adapter
            .process
            .map_or_else(String::new, |process| format!(", process {process}"));
        text += &format!("\n{name}: {health}{process}\n");
        for (metric, figure) in &adapter.figures {
            text += &format!("  {metric:<40} {}\n", shown(figure));
        }
    }
    print(&text)
}

fn of_store(store: &StoreStatus) -> String {
    let why = store.why.as_deref().map(one_line);
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let figures = [
        ("records", store.records),
        ("bytes", store.bytes),
        ("disk", store.disk),
        ("waiting", store.waiting),
    ];
    let lines = figures.map(|(name, value)| format!("  {name:<18} {value}\n"));
    format!("\nstore: {}{why}\n{}", store.state, lines.concat())
}

fn shown(figure: &Figure) -> String {
    match figure {
        Figure::Count(count) => count.to_string(),
        Figure::Gauge(value) => value.to_string(),
        Figure::Observed { count, sum } => format!("{sum} over {count}"),
    }
}

/// Asks the running gateway, and returns the line that it answers.
pub(super) fn ask(config: &Config, request: &Request) -> Result<String, Exit> {
    let Some(path) = &config.gateway.control_socket else {
        return Err(Exit::Config(
            "`gateway.control_socket`: this key is needed\n    hint: name the socket that the running gateway \
             has, like control_socket = \"/run/rialto/control\""
                .into(),
        ));
    };
    let line = serde_json::to_string(request).map_err(|error| Exit::Internal(error.to_string()))?;
    exchange(path, &line).map_err(|error| {
        Exit::Unavailable(format!("no gateway answers at {}: {error}", path.display()))
    })
}

fn exchange(path: &Path, line: &str) -> io::Result<String> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    (&stream).write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    match BufReader::new(stream).read_line(&mut answer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(answer),
    }
}

pub(super) fn read<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, Exit> {
    serde_json::from_str(answer)
        .map_err(|error| Exit::Internal(format!("the gateway's answer cannot be read: {error}")))
}
