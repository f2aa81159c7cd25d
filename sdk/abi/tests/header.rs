//! The C header is the one that the contract's source makes.

mod generate;

#[test]
fn c_header_is_what_the_contract_says() {
    let header = std::fs::read_to_string(generate::path()).expect("sdk/include/rialto.h");
    assert!(
        header == generate::header(),
        "sdk/include/rialto.h is stale: cargo run -p rialto-abi --example header"
    );
}
