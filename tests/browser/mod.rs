//! The pages in a real browser, as people use them: by the words on the screen, two at once, at the width of a phone and
//! of a desk. What axe-core finds serious on any page that a story visits ends the story.

mod article;
mod documentation;
mod face;
mod home;
mod links;
mod operators;
mod people;
mod refusals;
mod signing_in;
mod troubles;
mod two_at_once;
mod without_scripts;

use crate::support::World;
use crate::support::chromium::Chromium;
use crate::support::world::PASSWORD;

/// The developer of the stories.
const DEVELOPER: &str = "dev@example.com";

/// The browser of a user of Acme Group who is signed in to the console.
async fn console_of(world: &World, user: &str) -> Chromium {
    world.give_password("acme", user).await;
    let browser = Chromium::new(world).await;
    browser.open("/").await;
    sign_in(&browser, &format!("{user}@acme.example")).await;
    browser.see("Integration Applications").await;
    browser
}

/// Signs in on the page that asks for it.
async fn sign_in(browser: &Chromium, email: &str) {
    browser.fill("E-mail address", email).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
}

/// Logs the developer of the stories in to the portal.
async fn log_in(browser: &Chromium) {
    browser
        .open("/portal")
        .await
        .see("Log in to the Developer Portal")
        .await;
    browser.fill("E-mail address", DEVELOPER).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Log in").await.see("Your applications").await;
}

/// Takes an invitation: from the link in the mail to being logged in.
async fn sign_up(world: &World, browser: &Chromium) {
    let invitation = world.last_mail_to(DEVELOPER).await.link();
    browser.open(&invitation).await.see(DEVELOPER).await;
    browser.click("Send verification code").await;
    create_account(world, browser).await;
    log_in(browser).await;
}

/// From the code in the mail to the account.
async fn create_account(world: &World, browser: &Chromium) {
    browser.see("Create your account").await;
    let code = world.last_mail_to(DEVELOPER).await.code();
    browser.fill("Verification code", &code).await;
    browser.fill("Full name", "Dev Eloper").await;
    browser.fill("Password", PASSWORD).await;
    browser.fill("Repeat the password", PASSWORD).await;
    browser.click("Sign up").await.see("Your account is ready").await;
}
