//! R3: which e-mails about what needs attention a user chooses for themselves.

use super::*;
use crate::group::AttentionMails;

const DAILY: AttentionMails = AttentionMails {
    daily: true,
    otp_locked: false,
};

fn choose(mails: AttentionMails) -> GroupCommand {
    let user_id = user_id("otto");
    GroupCommand::ChooseAttentionMails { user_id, mails }
}

fn chosen(mails: AttentionMails) -> Event {
    Event::AttentionMailsChosen {
        user_id: user_id("otto"),
        daily: mails.daily,
        otp_locked: mails.otp_locked,
    }
}

fn otto(permissions: &[Permission]) -> GroupPrincipal {
    GroupPrincipal::GroupUser(Membership {
        group_id: GroupId::parse("acme").unwrap(),
        user_id: user_id("otto"),
        role: Role::User,
        permissions: permissions.iter().copied().collect(),
    })
}

#[test]
fn r3_whoever_may_see_applications_chooses_their_e_mails_and_the_same_again_is_no_fact() {
    for permission in BOTH_PERMISSIONS {
        let ask = |facts: Vec<Event>, mails| when(facts, otto(&[permission]), choose(mails));
        ask(acme(), AttentionMails::default()).then_expect_events(vec![]);
        ask(acme(), DAILY).then_expect_events(vec![chosen(DAILY)]);
        let has = with(acme(), [chosen(DAILY)]);
        ask(has.clone(), DAILY).then_expect_events(vec![]);
        let none = AttentionMails::default();
        ask(has, none).then_expect_events(vec![chosen(none)]);
    }
}

#[test]
fn r3_nobody_chooses_for_somebody_else_or_without_seeing_applications() {
    for by in [practice_admin(), integration_admin(), GroupPrincipal::Operator] {
        when(acme(), by, choose(DAILY)).then_expect_error(Refusal::NotFound);
    }
    when(acme(), otto(&[]), choose(DAILY)).then_expect_error(Refusal::Forbidden(Permission::ViewActivityLogs.title()));
}

#[test]
fn what_was_chosen_goes_with_the_user() {
    let facts = with(
        acme(),
        [
            chosen(DAILY),
            Event::UserRemoved {
                user_id: user_id("otto"),
                name: label("Otto Auditor").into(),
            },
            Event::UserAdded {
                user_id: user_id("otto"),
                email: email("otto@acme.example").into(),
                name: label("Otto Auditor").into(),
                role: Role::User,
            },
        ],
    );
    assert_eq!(
        customer(facts).users[&user_id("otto")].attention_mails,
        AttentionMails::default()
    );
}
