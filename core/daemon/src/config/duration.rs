//! Durations as people write them: `500ms`, `10s`, `5m`, `1h`.

use std::time::Duration;

/// Reads a whole number with its unit.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| unreadable(text))?;
    let milliseconds = match unit.trim() {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    milliseconds
        .map(Duration::from_millis)
        .ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> String {
    format!("`{text}` is not a duration: write a whole number and ms, s, m or h, like `10s`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_a_whole_number_with_its_unit() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse("1h"), Ok(Duration::from_secs(3600)));
    }

    #[test]
    fn duration_without_unit_or_out_of_range_is_refused() {
        for text in [
            "10",
            "s",
            "-1s",
            "1.5s",
            "",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
