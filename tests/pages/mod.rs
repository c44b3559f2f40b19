//! The pages, in a browser without scripts: every form and every refusal. What needs scripts, eyes or two windows is in
//! the tests with a real browser.

mod account;
mod applications;
mod console;
mod creating;
mod developer_access;
mod editing;
mod entity_picker;
mod group_users;
mod meanwhile;
mod operator;
mod people;
mod portal;
mod portal_application;
mod portal_sign_up;
mod portal_verifying;
mod signing_in;
mod signing_out;
