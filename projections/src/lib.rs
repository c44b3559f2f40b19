//! Pure folds of facts into rows, and the tables that hold them. Nothing here decides, and nothing does I/O:
//! queries are texts with arguments, and rows are lists of values; the root crate carries them to a database.
//!
//! One folder per question:
//!
//! | projection | question |
//! |---|---|
//! | [`app_list`] | which applications does my group have? |
//! | [`portal_apps`] | which applications may this developer see, and in which state? |
//! | [`token_gate`] | may this token pass, for this entity, for this access? |
//! | [`revoked_tokens`] | which access tokens were revoked before their end? |
//! | [`groups`] | who is this user, what may they do? |
//! | [`developers`] | who is this developer? |
//! | [`system`] | what holds for the whole installation? |
//!
//! To add one: a folder with fold, row and queries; a `create table` in `migrations/*/projections/`; a row in
//! [`projection::all`].

pub mod app_list;
pub mod developers;
pub mod groups;
pub mod part_search;
pub mod portal_apps;
pub mod projection;
pub mod recorded;
pub mod revoked_tokens;
pub mod sql;
pub mod system;
pub mod token_gate;
