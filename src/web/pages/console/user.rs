//! Who is signed in here.

use maud::Markup;

use crate::application::{BrowserSession, Failure, Gatebook, Realm, Who};
use crate::web::pages::current_user::{ConsoleUser, CurrentUser};

impl CurrentUser for ConsoleUser {
    const REALM: Realm = Realm::Console;
    const SIGN_IN: &'static str = "/sign-in";

    async fn of(service: &Gatebook, session: BrowserSession) -> Result<Self, Failure> {
        let group = service.callers_group(&session.caller).await?;
        let Who::GroupUser { user_id, .. } = &session.caller.who else {
            return Err(Failure::Unauthenticated);
        };
        let user_id = user_id.clone();
        let user = group.user(&user_id).ok_or(Failure::Unauthenticated)?.clone();
        Ok(Self {
            session,
            group,
            user_id,
            user,
        })
    }

    fn session(&self) -> &BrowserSession {
        &self.session
    }

    fn sign_in_again(held: &str) -> Markup {
        super::sign_in_again(held)
    }
}
