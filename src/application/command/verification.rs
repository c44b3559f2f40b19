//! R13: what the admin is shown once: the OTP, and instructions to copy.

use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::CommandError;
use crate::secrets::OneTimePassword;

/// The OTP and what to do with it. Shown once; not for logs.
#[derive(Serialize)]
pub struct Verification {
    /// The OTP, as in `K7QM-2F9D`.
    pub otp: String,
    /// R14: when it ends.
    pub expires_at: Timestamp,
    /// What to send to the developer, and how.
    pub instructions: String,
}

/// What is kept, sealed, to repeat the answer.
#[derive(Serialize, Deserialize)]
struct SealedVerification {
    otp: String,
    expires_at: Timestamp,
    app_name: String,
}

impl Gatebook {
    /// What the admin is shown.
    pub(in crate::application) fn verification(
        &self,
        otp: &OneTimePassword,
        expires_at: Timestamp,
        app_name: &str,
    ) -> Verification {
        self.shown(SealedVerification {
            otp: otp.reveal().to_owned(),
            expires_at,
            app_name: app_name.to_owned(),
        })
    }

    /// The same, sealed for repeating the answer to an Idempotency-Key.
    pub(in crate::application) fn seal_verification(
        &self,
        key: &str,
        shown: &Verification,
        app_name: &str,
    ) -> Result<String, CommandError> {
        let stored = SealedVerification {
            otp: shown.otp.clone(),
            expires_at: shown.expires_at,
            app_name: app_name.to_owned(),
        };
        let text = serde_json::to_string(&stored).map_err(CommandError::internal)?;
        Ok(self.sealer.seal(&self.randomness, key, &text)?)
    }

    /// What was sealed.
    pub(in crate::application) fn open_verification(&self, key: &str, sealed: &str) -> Result<Verification, Failure> {
        let text = self.sealer.open(key, sealed)?;
        let stored: SealedVerification = serde_json::from_str(&text).map_err(|error| Failure::unsealed(&error))?;
        Ok(self.shown(stored))
    }

    fn shown(
        &self,
        SealedVerification {
            otp,
            expires_at,
            app_name,
        }: SealedVerification,
    ) -> Verification {
        let portal = self.url("/portal");
        let end = expires_at.for_people();
        let instructions = format!(
            "Pass this on to the developer by SMS, phone or messenger, never by e-mail:\n\n\
             The one-time password (OTP) for the integration application “{app_name}” is {otp}. Log in to the \
             Developer Portal at {portal}, choose the application under “OTP Verification Needed”, and enter it there. \
             It is valid until {end}."
        );
        Verification {
            otp,
            expires_at,
            instructions,
        }
    }
}
