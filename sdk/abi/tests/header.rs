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

#[test]
fn every_function_of_the_c_header_says_on_which_thread_it_is_called() {
    let (mut comment, mut functions) = (String::new(), 0);
    for line in generate::header().lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
            continue;
        }
        if line.contains("(*") {
            assert!(comment.contains("thread"), "{line}: {comment}");
            functions += 1;
        }
        comment.clear();
    }
    assert!(functions > 15, "only {functions} functions were found");
}
