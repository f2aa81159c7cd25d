//! The Rialto gateway.

mod config;

fn main() {
    let s = config::Sources::read(std::path::Path::new(&std::env::args().nth(1).unwrap()), &[])
        .and_then(|s| s.config());
    match s {
        Ok(c) => println!("{c:?}"),
        Err(e) => println!("{e}"),
    }
}
