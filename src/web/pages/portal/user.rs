//! Who is signed in here.

use axum::http::HeaderMap;
use maud::Markup;

use crate::application::{BrowserSession, Failure, Gatebook, Realm, Who};
use crate::web::pages::current_user::{CurrentUser, PortalUser};

impl CurrentUser for PortalUser {
    const REALM: Realm = Realm::Portal;
    const SIGN_IN: &'static str = "/portal/log-in";

    async fn of(_: &Gatebook, session: BrowserSession, _: &HeaderMap) -> Result<Self, Failure> {
        let Who::Developer(developer) = &session.caller.who else {
            return Err(Failure::Unauthenticated);
        };
        let developer = (**developer).clone();
        Ok(Self { session, developer })
    }

    fn session(&self) -> &BrowserSession {
        &self.session
    }

    fn sign_in_again(held: &str) -> Markup {
        super::log_in_again(held)
    }
}
