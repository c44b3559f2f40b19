//! Describes refused attempts.

use gatebook_aggregates::integration_app::OtpUnusable;
use gatebook_aggregates::refused_attempts::{
    LogInRefusedBecause, LoginChannel, MailedSecret, RefusedAttemptsEvent as Event, Tally,
};

/// The sentence about an event, without the actor at its beginning.
pub(super) fn described(event: &Event) -> String {
    match event {
        Event::LogInsRefused {
            channel,
            because,
            user_id,
            developer_id,
            token_id,
            other_accounts,
            tally,
        } => {
            let account = match (user_id, developer_id, token_id) {
                (Some(user), _, _) => format!(" for the group user {user}"),
                (None, Some(developer), _) => format!(" for the developer {developer}"),
                (None, None, Some(token)) => format!(" with the token {token}"),
                (None, None, None) if *other_accounts => " for many other accounts".to_owned(),
                (None, None, None) => String::new(),
            };
            let place = match channel {
                LoginChannel::Console => "the console",
                LoginChannel::Portal => "the Developer Portal",
                LoginChannel::OperatorPages => "the operator pages",
                LoginChannel::AdminsApi => "the admin API",
                LoginChannel::OperatorsApi => "the operator API",
                LoginChannel::PortalApi => "the developer API",
            };
            let because = match because {
                LogInRefusedBecause::WrongPassword => "the password was wrong",
                LogInRefusedBecause::UnknownAccount => "the account does not exist",
                LogInRefusedBecause::UnknownToken => "the token does not exist",
                LogInRefusedBecause::TokenEnded => "the token had ended",
                LogInRefusedBecause::TooManyTries => "there had been too many wrong tries",
            };
            format!("refused log-ins to {place}{account}: {because}; {}.", times(tally))
        }
        Event::RequestsForbidden {
            request,
            code,
            other_accounts,
            tally,
            ..
        } => match other_accounts {
            true => format!("refused requests by many other accounts ({code}); {}.", times(tally)),
            false => format!("was refused {request} ({code}); {}.", times(tally)),
        },
        Event::UnusableOneTimePasswordsRefused {
            because, app_id, tally, ..
        } => {
            let because = match because {
                OtpUnusable::Expired => "it had expired",
                OtpUnusable::Locked => "it was locked after too many wrong tries",
                OtpUnusable::AppSuspended => "the application was suspended",
                OtpUnusable::AppRevoked => "the application was revoked",
                OtpUnusable::GroupOffPlan => "the group was not on the product plan",
            };
            match app_id {
                Some(_) => format!("kept trying an OTP although {because}; refused {}.", times(tally)),
                None => format!(
                    "refused the OTP of many other applications because {because}; {}.",
                    times(tally)
                ),
            }
        }
        Event::GuessesRefused {
            secret, app_id, tally, ..
        } => {
            let secrets = match secret {
                MailedSecret::OneTimePassword => "OTPs",
                MailedSecret::VerificationCode => "verification codes",
            };
            match app_id {
                Some(_) => format!("entered too many wrong {secrets}; refused {}.", times(tally)),
                None => format!(
                    "refused {secrets} for many other applications after too many wrong ones; {}.",
                    times(tally)
                ),
            }
        }
    }
}

fn times(tally: &Tally) -> String {
    match tally.count {
        1 => format!("once, at {}", tally.first_at),
        n => format!("{n} times from {} to {}", tally.first_at, tally.last_at),
    }
}
