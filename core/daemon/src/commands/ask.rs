//! `rialto send` and `rialto status`: what is asked of the running gateway.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use crate::{
    config::Config,
    control::{Message, Reply, Request, Status},
    exit::Exit,
    measures::Figure,
};

/// Sends a message and waits for how it ended.
pub(crate) fn send(config: &Config, message: Message, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Send(message))?;
    let reply: Reply = read(&answer)?;
    if as_json {
        print!("{answer}");
    } else {
        println!("{}", reply.status);
    }
    if reply.status != "failure" {
        return Ok(());
    }
    let (reason, detail) = (
        reply.reason.unwrap_or_default(),
        reply.detail.unwrap_or_default(),
    );
    Err(Exit::NotDelivered(format!("{reason}: {detail}")))
}

/// Shows what the gateway has done, and how its adapters are.
pub(crate) fn status(config: &Config, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Status)?;
    let status: Status = read(&answer)?;
    if as_json {
        print!("{answer}");
        return Ok(());
    }
    for (name, value) in &status.router {
        println!("{name:<20} {value}");
    }
    for (name, adapter) in &status.adapters {
        println!("\n{name}: {}", adapter.degraded.as_deref().unwrap_or("up"));
        for (metric, figure) in &adapter.figures {
            println!("  {metric:<40} {}", shown(figure));
        }
    }
    Ok(())
}

fn shown(figure: &Figure) -> String {
    match figure {
        Figure::Count(count) => count.to_string(),
        Figure::Gauge(value) => value.to_string(),
        Figure::Observed { count, sum } => format!("{sum} over {count}"),
    }
}

fn ask(config: &Config, request: &Request) -> Result<String, Exit> {
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
    (&stream).write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    match BufReader::new(stream).read_line(&mut answer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(answer),
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, Exit> {
    serde_json::from_str(answer)
        .map_err(|error| Exit::Internal(format!("the gateway's answer cannot be read: {error}")))
}
