//! The pages, in a browser without scripts: every form and every refusal. What needs scripts, eyes or two windows is in
//! the tests with a real browser.

mod account;
mod applications;
mod client_secrets;
mod console;
mod creating;
mod developer_access;
mod editing;
mod ended_with_the_user;
mod entity_picker;
mod forgotten_passwords;
mod group_users;
mod headers;
mod home;
mod links_leave_the_address;
mod meanwhile;
mod operator;
mod operator_groups;
mod our_fault;
mod people;
mod portal;
mod portal_application;
mod portal_sign_up;
mod portal_verifying;
mod sessions;
mod signing_in;
mod signing_out;
mod while_a_form_is_open;
