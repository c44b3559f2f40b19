//! The help article, chapter by chapter.

mod activity_log;
mod bad_input;
mod bad_requests;
mod changing_once;
mod creating;
mod creating_once;
mod credentials_and_tokens;
mod downloading_the_log;
mod ending_all_tokens;
mod held_back;
mod inviting_the_developer;
mod letters_that_wait;
mod mails_that_were_refused;
mod managing;
mod operators_and_service;
mod provisioning;
mod races;
mod secrets_about_to_end;
mod secrets_of_aiq_integrate;
mod setting_up_the_integration_admin;
mod slowing_down;
mod suspending_and_revoking;
mod the_developer_portal;
mod the_gate;
mod the_whole_story;
mod viewing;
