//! For tests: texts of the OpenAPI document and of `docs/errors.md` repeat numbers of the rules in words, because a
//! description has to be a literal. Whoever changes a rule is told here which texts say the old number.

use chrono::TimeDelta;
use gatebook_aggregates::integration_app::{
    CODE_MAX_TRIES, CODE_VALID_FOR, INVITATION_VALID_FOR, MAX_LIVE_CLIENT_SECRETS, MAX_OVERLAP, OTP_MAX_TRIES,
    OTP_VALID_FOR, SECRET_OVERLAP,
};
use gatebook_aggregates::password_link::FIRST_LINK_VALID_FOR;
use serde_json::Value;

use crate::web::api::meta::error_codes;

#[test]
fn the_descriptions_of_operations_say_the_numbers_of_the_rules() {
    let document = serde_json::to_value(crate::web::document()).unwrap();
    let sign_up = "/portal/api/v1/sign-up";
    let verify = "/portal/api/v1/apps/{id}/verify";
    let password_link = "/operator/api/v1/groups/{group_id}/users/{user_id}/password-link";
    let invite_expired = format!("the invitation is older than {}", days(INVITATION_VALID_FOR));
    let code_valid_for = minutes(CODE_VALID_FOR);
    for (path, phrase) in [
        (
            verify.to_owned(),
            format!("{} wrong tries lock the otp", word(OTP_MAX_TRIES)),
        ),
        (
            verify.to_owned(),
            format!("after {}, the admin has to reset it", days(OTP_VALID_FOR)),
        ),
        (
            verify.to_owned(),
            format!("the otp is older than {}", days(OTP_VALID_FOR)),
        ),
        (
            verify.to_owned(),
            format!("`otp_locked`: {} wrong tries", word(OTP_MAX_TRIES)),
        ),
        (format!("{sign_up}/invitation"), invite_expired.clone()),
        (format!("{sign_up}/code"), invite_expired),
        (
            format!("{sign_up}/code"),
            format!("valid for {code_valid_for} and {} tries", word(CODE_MAX_TRIES)),
        ),
        (sign_up.to_owned(), format!("the code is older than {code_valid_for}")),
        (sign_up.to_owned(), format!("wrong {} times", word(CODE_MAX_TRIES))),
        (password_link.to_owned(), format!("for {}", days(FIRST_LINK_VALID_FOR))),
        (
            "/portal/api/v1/apps/{id}/client-secrets".to_owned(),
            format!("at most {} are live at a time", word(MAX_LIVE_CLIENT_SECRETS)),
        ),
    ] {
        require(&document["paths"][&path]["post"], &phrase, &path);
    }
    let (overlap, longest) = (SECRET_OVERLAP, MAX_OVERLAP);
    let request = &document["components"]["schemas"]["ClientSecretRequest"];
    let default = format!(
        "{} ({} hours) is the default",
        overlap.num_seconds(),
        overlap.num_hours()
    );
    require(request, &default, "the request for a client secret");
    let maximum = format!("{} (90 days) the maximum", longest.num_seconds());
    assert_eq!(longest, TimeDelta::days(90));
    require(request, &maximum, "the request for a client secret");
}

#[test]
fn the_list_of_error_codes_says_the_numbers_of_the_rules() {
    let codes = error_codes::as_json();
    let kinds = codes.as_object().unwrap();
    for (code, phrase) in [
        ("invite_expired", format!("older than {}", days(INVITATION_VALID_FOR))),
        ("code_expired", format!("older than {}", minutes(CODE_VALID_FOR))),
        ("code_expired", format!("wrong {} times", word(CODE_MAX_TRIES))),
        ("otp_expired", format!("older than {}", days(OTP_VALID_FOR))),
        ("otp_locked", format!("wrong {} times", word(OTP_MAX_TRIES))),
    ] {
        let listed = kinds.values().find_map(|codes| codes.get(code)).unwrap();
        require(listed, &phrase, code);
    }
}

/// The text, which may be wrapped and begin a sentence, holds the phrase.
fn require(texts: &Value, phrase: &str, place: &str) {
    let texts = texts.to_string().replace("\\n", " ").to_lowercase();
    assert!(texts.contains(phrase), "{place} does not say “{phrase}”: {texts}");
}

fn days(time: TimeDelta) -> String {
    format!("{} days", word(time.num_days()))
}

fn minutes(time: TimeDelta) -> String {
    format!("{} minutes", word(time.num_minutes()))
}

/// Numbers up to ten are written as words.
fn word<N: TryInto<usize>>(number: N) -> String {
    const WORDS: [&str; 11] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let number = number.try_into().unwrap_or(usize::MAX);
    WORDS
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}
