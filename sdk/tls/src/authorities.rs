//! Who vouches for others.

use std::path::Path;

use rustls::RootCertStore;

use crate::{FileError, identity::certificates};

/// Those of a file in PEM; one at least.
///
/// # Errors
///
/// It cannot be read, or holds something else.
pub fn authorities(file: &Path) -> Result<RootCertStore, FileError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        let added = store.add(certificate);
        added.map_err(|_| FileError::NoAuthority {
            path: file.to_owned(),
        })?;
    }
    Ok(store)
}

/// Those of the system, which may be none; blocks, as it reads many files.
pub fn system_authorities() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store
}
