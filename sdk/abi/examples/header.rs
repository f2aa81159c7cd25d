//! `cargo run -p rialto-abi --example header`: writes `sdk/include/rialto.h`.

#[path = "../tests/generate/mod.rs"]
mod generate;

fn main() -> std::io::Result<()> {
    std::fs::write(generate::path(), generate::header())
}
