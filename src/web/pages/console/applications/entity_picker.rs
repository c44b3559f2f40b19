//! R11: selects entities of the group. They can be searched, and all matches can be selected at once. Without scripts,
//! each search sends the form, which is then shown again.

use std::collections::HashSet;

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::text::Label;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::console::applications::entity_search::fits;
use crate::web::pages::form::{Form, SHOW_AGAIN};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::error_of;

const FIELD: &str = "entities";
/// The search field for browsers without scripts.
const SOUGHT: &str = "entity_search";
/// The values of the buttons for browsers without scripts.
const SELECT: &str = "select";
const CLEAR: &str = "clear";
const SELECTED: &str = "selected";

/// The group's entities as the picker shows them.
struct PickerState<'a> {
    found: Vec<(&'a EntityId, &'a Label)>,
    /// Chosen before, but not among the matches.
    stored: Vec<&'a EntityId>,
    chosen: HashSet<&'a str>,
}

impl<'a> PickerState<'a> {
    fn of(group: &'a GroupRow, form: &'a Form) -> Self {
        let mut chosen: HashSet<&str> = form.all(FIELD).into_iter().collect();
        let only_selected = form.text(SHOW_AGAIN) == SELECTED;
        let is_shown = |(id, name): &(&EntityId, &Label)| {
            fits(form.text(SOUGHT), id, name) && (!only_selected || chosen.contains(id.as_str()))
        };
        let (found, others): (Vec<_>, Vec<_>) = group.customer.entities.iter().partition(is_shown);
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
        fieldset.fields id="entities" tabindex="-1" data-picker aria-describedby=(described) {
            legend.unseen { "Entities" }
            div {
                p.hint id="entities-hint" { (hint) }
                (error_of(FIELD, error))
            }
            (tools())
            (tools_without_scripts(form, &shown.message(all.len())))
            @for id in &shown.stored { input type="hidden" name=(FIELD) value=(id.as_str()); }
            @if all.is_empty() { p { "Your group has no entities yet." } }
            @else {
                p.second hidden[!shown.found.is_empty()] data-picker-nothing { "No entities match your search." }
                div.options role="group" aria-label="Entities to choose from" tabindex="0" {
                    @for (id, name) in &shown.found {
                        label data-option {
                            input type="checkbox" name=(FIELD) value=(id.as_str()) checked[shown.chosen.contains(id.as_str())];
                            " " span { bdi { (name.as_str()) } } " " code { (id.as_str()) }
                        }
                    }
                }
            }
        }
    }
}

fn tools() -> Markup {
    html! {
        div.picker-bar data-picker-tools hidden {
            div.search {
                label.unseen for="entity-search" { "Search entities" }
                (icon(Icon::Search))
                input id="entity-search" type="search" autocomplete="off" placeholder="Name or id" data-picker-search;
            }
            button.button type="button" data-picker-all { "Select all" }
            button.button type="button" data-picker-none { "Clear selection" }
        }
        p.picker-told data-picker-tools hidden {
            span role="status" data-picker-message {}
            button.button.small.plain type="button" aria-pressed="false" data-picker-selected { "Show selected" }
        }
    }
}

/// The tools for browsers without scripts: each button shows the form again, as it was filled in.
fn tools_without_scripts(form: &Form, message: &str) -> Markup {
    let button = |query: &str, title: &str| {
        html! {
            button.button type="submit" name=(SHOW_AGAIN) value=(query) formaction="#entities" formnovalidate { (title) } " "
        }
    };
    html! {
        noscript {
            div.picker-bar {
                div.search {
                    label.unseen for="entity-find" { "Search entities" }
                    (icon(Icon::Search))
                    input id="entity-find" name=(SOUGHT) type="search" value=(form.text(SOUGHT)) autocomplete="off" placeholder="Name or id";
                }
                (button("search", "Search")) (button(SELECTED, "Show selected")) (button(SELECT, "Select all")) (button(CLEAR, "Clear selection"))
            }
            p.picker-told { span { (message) } }
        }
    }
}
