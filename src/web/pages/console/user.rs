//! Who is signed in here.

use axum::http::HeaderMap;
use maud::Markup;

use crate::application::{BrowserSession, Failure, Gatebook, Realm};
use crate::web::pages::current_user::{ConsoleUser, CurrentUser};
use crate::web::pages::list_query;

impl CurrentUser for ConsoleUser {
    const REALM: Realm = Realm::Console;
    const SIGN_IN: &'static str = "/sign-in";

    async fn of(_: &Gatebook, session: BrowserSession, headers: &HeaderMap) -> Result<Self, Failure> {
        let member = session.caller.member()?.clone();
        Ok(Self {
            session,
            member,
            list_query: list_query::kept(headers),
        })
    }

    fn session(&self) -> &BrowserSession {
        &self.session
    }

    fn sign_in_again(held: &str) -> Markup {
        super::sign_in_again(held)
    }
}
