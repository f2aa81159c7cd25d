//! Sizes as people write them: `1500`, `64KiB`, `16MiB`, `4GiB`.

/// Reads a whole number of bytes, or one with its unit.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| unreadable(text))?;
    let factor = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(unreadable(text)),
    };
    number.checked_mul(factor).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> String {
    format!("`{text}` is no size: write a number and B, KiB, MiB or GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_a_whole_number_of_bytes_or_of_its_unit() {
        assert_eq!(parse("1500"), Ok(1500));
        assert_eq!(parse("64KiB"), Ok(65_536));
        assert_eq!(parse("4 GiB"), Ok(4 << 30));
    }

    #[test]
    fn size_with_another_unit_or_out_of_range_is_refused() {
        for text in ["", "KiB", "-1", "1.5MiB", "64kb", "99999999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
