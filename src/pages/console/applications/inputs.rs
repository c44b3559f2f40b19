//! The parts of forms that only applications have: choices as radio buttons, fields that are fixed, the entities.

use std::collections::HashSet;

use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::pages::attempt::Errors;

/// One of a few answers.
pub struct Choice<'a> {
    /// What is sent.
    pub value: &'a str,
    /// What is read.
    pub title: &'a str,
    /// What helps to choose; may be empty.
    pub hint: &'a str,
}

/// A choice among a few answers, all of them to be seen at once.
pub fn radios(name: &str, legend: &str, choices: &[Choice<'_>], chosen: &str, errors: &Errors) -> Markup {
    let error = errors.of(name);
    html! {
        fieldset.choices id=(name) tabindex="-1" aria-describedby=[error.map(|_| format!("{name}-error"))] {
            legend { (legend) }
            (error_of(name, error))
            @for Choice { value, title, hint } in choices {
                @let id = format!("{name}-{value}");
                div.choice {
                    input type="radio" id=(id) name=(name) value=(value) checked[*value == chosen] required
                        aria-describedby=[(!hint.is_empty()).then(|| format!("{id}-hint"))];
                    label for=(id) { (title) }
                    @if !hint.is_empty() { p.hint id={ (id) "-hint" } { (hint) } }
                }
            }
        }
    }
}

/// A field that is shown and cannot be changed.
pub fn fixed(id: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) type="text" value=(value) disabled;
        }
    }
}

/// R11: the entities of the group, to choose from. With scripts, they can be searched and all be selected at once.
pub fn entities(group: &GroupRow, chosen: &[&str], hint: &str, errors: &Errors) -> Markup {
    let error = errors.of("entities");
    let described = match error {
        Some(_) => "entities-error entities-hint",
        None => "entities-hint",
    };
    let all = &group.customer.entities;
    let chosen: HashSet<&str> = chosen.iter().copied().collect();
    html! {
        fieldset.picker id="entities" tabindex="-1" data-picker aria-describedby=(described) {
            legend { "Entities" }
            p.hint id="entities-hint" { (hint) }
            (error_of("entities", error))
            @if all.is_empty() { p { "Your group has no entities yet." } }
            div.picker-tools data-picker-tools hidden {
                label for="entity-search" { "Search entities" }
                input id="entity-search" type="search" autocomplete="off" data-picker-search;
                button.plain type="button" data-picker-all { "Select all" }
                " " button.plain type="button" data-picker-none { "Clear selection" }
                " " span.detail role="status" data-picker-told {}
            }
            div.options {
                @for (id, name) in all {
                    label data-option {
                        input type="checkbox" name="entities" value=(id.as_str()) checked[chosen.contains(id.as_str())];
                        " " bdi { (name.as_str()) } " " span.detail { (id.as_str()) }
                    }
                }
            }
        }
    }
}

fn error_of(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.error id={ (name) "-error" } { (error) } } }
}
