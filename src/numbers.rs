//! Numbers for people.

/// A number as English sentences have it: 19,950.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        let numbers = [0, 999, 1_000, 19_950, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "19,950", "1,234,567"]);
    }
}
