//! Finding entities by what people type: all words, in any order, in the name or the id, without regard to accents and case.

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::text_comparison::searchable;

/// Whether an entity fits what was typed. Nothing typed fits all.
pub fn fits(sought: &str, id: &EntityId, name: &Label) -> bool {
    let all = format!("{} {}", searchable(name.as_str()), id.as_str().to_lowercase());
    searchable(sought).split_whitespace().all(|word| all.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_order_and_without_their_accents() {
        let id = EntityId::parse("mar-cz-hops").unwrap();
        let name = Label::parse("name", "Žatecký Chmel s.r.o.").unwrap();
        for sought in ["", "zatecky", "CHMEL žat", "chmel hops", "cz s.r.o"] {
            assert!(fits(sought, &id, &name), "{sought}");
        }
        for sought in ["chmell", "zatecky x"] {
            assert!(!fits(sought, &id, &name), "{sought}");
        }
    }
}
