//! R11: selects entities of the group. They can be searched, and all matches can be selected at once. Without scripts,
//! each search sends the form, which is then shown again.

use std::collections::HashSet;

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::text_comparison::searchable;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::web::pages::console::applications::inputs::error_of;
use crate::web::pages::form::{Form, SHOW_AGAIN};
use crate::web::pages::form_errors::Errors;

const FIELD: &str = "entities";
/// The search field for browsers without scripts.
const SOUGHT: &str = "entity_search";
/// The values of the buttons for browsers without scripts.
const SELECT: &str = "select";
const CLEAR: &str = "clear";

/// The group's entities as the picker shows them.
struct PickerState<'a> {
    found: Vec<(&'a EntityId, &'a Label)>,
    /// Chosen before, but not among the matches.
    stored: Vec<&'a EntityId>,
    chosen: HashSet<&'a str>,
}

impl<'a> PickerState<'a> {
    fn of(group: &'a GroupRow, form: &'a Form) -> Self {
        let sought = searchable(form.text(SOUGHT));
        let fits = |(id, name): &(&EntityId, &Label)| {
            searchable(name.as_str()).contains(&sought) || id.as_str().to_lowercase().contains(&sought)
        };
        let (found, others): (Vec<_>, Vec<_>) = group.customer.entities.iter().partition(fits);
        let mut chosen: HashSet<&str> = form.all(FIELD).into_iter().collect();
        for (id, _) in &found {
            match form.text(SHOW_AGAIN) {
                SELECT => drop(chosen.insert(id.as_str())),
                CLEAR => drop(chosen.remove(id.as_str())),
                _ => {}
            }
        }
        let stored = others.into_iter().map(|(id, _)| id);
        Self {
            found,
            stored: stored.filter(|id| chosen.contains(id.as_str())).collect(),
            chosen,
        }
    }

    fn message(&self, all: usize) -> String {
        let checked = self.found.iter().filter(|(id, _)| self.chosen.contains(id.as_str()));
        let selected = checked.count() + self.stored.len();
        format!("{selected} of {all} selected, {} shown", self.found.len())
    }
}

pub fn entities(group: &GroupRow, form: &Form, hint: &str, errors: &Errors) -> Markup {
    let error = errors.of(FIELD);
    let described = match error {
        Some(_) => "entities-error entities-hint",
        None => "entities-hint",
    };
    let all = &group.customer.entities;
    let shown = PickerState::of(group, form);
    html! {
        fieldset.picker id="entities" tabindex="-1" data-picker aria-describedby=(described) {
            legend { "Entities" }
            p.hint id="entities-hint" { (hint) }
            (error_of(FIELD, error))
            @if all.is_empty() { p { "Your group has no entities yet." } }
            @else if shown.found.is_empty() { p { "No entities match your search." } }
            (tools())
            (tools_without_scripts(form, &shown.message(all.len())))
            @for id in &shown.stored { input type="hidden" name=(FIELD) value=(id.as_str()); }
            div.options {
                @for (id, name) in &shown.found {
                    label data-option {
                        input type="checkbox" name=(FIELD) value=(id.as_str()) checked[shown.chosen.contains(id.as_str())];
                        " " bdi { (name.as_str()) } " " span.detail { (id.as_str()) }
                    }
                }
            }
        }
    }
}

fn tools() -> Markup {
    html! {
        div.picker-tools data-picker-tools hidden {
            label for="entity-search" { "Search entities" }
            input id="entity-search" type="search" autocomplete="off" data-picker-search;
            button.plain type="button" data-picker-all { "Select all" }
            " " button.plain type="button" data-picker-none { "Clear selection" }
            " " span.detail role="status" data-picker-message {}
        }
    }
}

/// The tools for browsers without scripts: each button shows the form again, as it was filled in.
fn tools_without_scripts(form: &Form, message: &str) -> Markup {
    let button = |query: &str, title: &str| {
        html! {
            button.plain type="submit" name=(SHOW_AGAIN) value=(query) formaction="#entities" formnovalidate { (title) } " "
        }
    };
    html! {
        noscript {
            div.picker-tools {
                label for="entity-find" { "Search entities" }
                input id="entity-find" name=(SOUGHT) type="search" value=(form.text(SOUGHT)) autocomplete="off";
                (button("search", "Search")) (button(SELECT, "Select all")) (button(CLEAR, "Clear selection"))
                span.detail { (message) }
            }
        }
    }
}
