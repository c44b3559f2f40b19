//! Who is signed in here.

use maud::Markup;

use crate::application::{BrowserSession, Failure, Gatebook, Realm};
use crate::web::pages::current_user::{ConsoleUser, CurrentUser};

impl CurrentUser for ConsoleUser {
    const REALM: Realm = Realm::Console;
    const SIGN_IN: &'static str = "/sign-in";

    async fn of(_: &Gatebook, session: BrowserSession) -> Result<Self, Failure> {
        let member = session.caller.member()?.clone();
        Ok(Self { session, member })
    }

    fn session(&self) -> &BrowserSession {
        &self.session
    }

    fn sign_in_again(held: &str) -> Markup {
        super::sign_in_again(held)
    }
}
