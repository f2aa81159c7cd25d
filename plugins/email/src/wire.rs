//! Connections, with TLS or without.

use rialto_sdk::tokio::io::{AsyncRead, AsyncWrite};

/// A connection.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}
