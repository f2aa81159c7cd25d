//! Where log lines go: standard error, as text or JSON.

use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    config::{ConfigError, LogConfig, LogFormat},
    exit::Exit,
};

/// Installs the log for the whole process.
pub(crate) fn install(config: &LogConfig) -> Result<(), Exit> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| {
        let error = ConfigError::new("log.filter", error.to_string());
        Exit::Config(
            error
                .hint("write a level or target=level pairs, like `info,rialto_router=debug`")
                .to_string(),
        )
    })?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match config.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    installed.map_err(|error| Exit::Internal(format!("the log cannot be installed: {error}")))
}
