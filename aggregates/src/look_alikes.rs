//! R6: names that look alike, such as `PayPal`, `PayPaI` and `Раураl`. Each name reserves, besides its own key, how it
//! looks: the skeleton that Unicode Technical Standard #39 makes of it. The tables are those of `unicode-security`.

use std::collections::BTreeSet;

use unicode_security::skeleton;

use crate::text_comparison::{comparable, uncased, visible};

/// How a name looks, as keys one of which two names that look alike have in common.
///
/// The first is the skeleton of the case-folded NFKC form. Folding makes of `I` an `i`, which looks like no `l`, and of
/// Cyrillic capitals small letters that look like no Latin ones; so there is a second one, for the name as it is
/// written: its skeleton first, and case folded then.
pub fn look_alike_keys(name: &str) -> BTreeSet<String> {
    let folded_first = skeleton(&comparable(name)).collect();
    let as_written: String = skeleton(&visible(name)).collect();
    BTreeSet::from([folded_first, uncased(&as_written)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_alike(one: &str, other: &str) -> bool {
        !look_alike_keys(one).is_disjoint(&look_alike_keys(other))
    }

    #[test]
    fn r6_letters_of_other_alphabets_and_digits_do_not_make_another_name() {
        for (one, other) in [
            ("Payroll", "Раyroll"),
            ("Bank Feed", "Вank Feed"),
            ("Omega", "Ωmega".replace('Ω', "Ο").as_str()),
            ("PayPal", "PayPaI"),
            ("PayPal", "PayPa1"),
            ("PAYPAL", "paypa1"),
            ("Phase 1", "Phase I"),
            ("Zoo", "Z00"),
            ("a-b", "a\u{2010}b"),
            ("Payroll", "ＰＡＹＲＯＬＬ"),
            ("Payroll", "pay\u{200D}roll"),
        ] {
            assert!(look_alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn r6_what_looks_alike_in_some_fonts_is_the_price() {
        assert!(look_alike("Modem", "Modern"));
        assert!(look_alike("Level 1", "Level l"));
    }

    #[test]
    fn r6_names_that_differ_are_two_names() {
        for (one, other) in [
            ("Payroll 1", "Payroll 2"),
            ("Payroll", "Payrolls"),
            ("Café", "Cafe"),
            ("Müller", "Muller"),
            ("Зарплата", "Зарплаты"),
            ("給与", "給料"),
        ] {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }
}
