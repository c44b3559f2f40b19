//! Who is signed in here.

use axum::http::HeaderMap;
use maud::Markup;

use crate::application::{BrowserSession, Failure, Gatebook, Realm, Who};
use crate::web::pages::current_user::{CurrentUser, OperatorUser};

impl CurrentUser for OperatorUser {
    const REALM: Realm = Realm::Operator;
    const SIGN_IN: &'static str = "/operator/sign-in";

    async fn of(_: &Gatebook, session: BrowserSession, _: &HeaderMap) -> Result<Self, Failure> {
        let Who::Operator { name, .. } = &session.caller.who else {
            return Err(Failure::Unauthenticated);
        };
        let name = name.clone();
        Ok(Self { session, name })
    }

    fn session(&self) -> &BrowserSession {
        &self.session
    }

    fn sign_in_again(held: &str) -> Markup {
        super::sign_in_again(held)
    }
}
