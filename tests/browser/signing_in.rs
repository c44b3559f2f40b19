//! Sign in, sign out, and what helps when the password is wrong or forgotten.

use thirtyfour::Key;

use crate::support::World;
use crate::support::chromium::Chromium;
use crate::support::world::PASSWORD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_and_out() {
    let world = World::on_sqlite().await;
    world.give_password("acme", "ada").await;
    let ada = Chromium::new(&world).await;
    ada.open("/account").await.see("Sign in").await;
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.fill("Password", PASSWORD).await;
    ada.click("Sign in").await.see("Ada Admin").await;
    assert_eq!(ada.path().await, "/account");
    ada.click("Ada Admin")
        .await
        .click("Sign out")
        .await
        .see("Forgotten your password?")
        .await;
    ada.open("/account").await.see("Forgotten your password?").await;
    ada.pictures("sign-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_first_and_the_address_stays() {
    let world = World::on_sqlite().await;
    let ada = Chromium::new(&world).await;
    ada.open("/sign-in").await;
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.fill("Password", "wrong").await;
    ada.click("Sign in")
        .await
        .see("The e-mail address or password is wrong.")
        .await;
    assert_eq!(ada.focused().await, "The e-mail address or password is wrong.");
    assert_eq!(ada.read("E-mail address").await, "ada@acme.example");
    assert_eq!(ada.read("Password").await, "");
    ada.pictures("sign-in-wrong-password").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_replaced_through_a_mail() {
    let world = World::on_sqlite().await;
    world.give_password("acme", "ada").await;
    let ada = Chromium::new(&world).await;
    ada.open("/sign-in").await.click("Forgotten your password?").await;
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.click("Send link").await.see("a link is on its way").await;
    let link = world.last_mail_to("ada@acme.example").await.link();
    ada.open(&link).await.see("Choose a password").await;
    ada.fill("New password", "a new and long password").await;
    ada.fill("Repeat the password", "a new and other password").await;
    ada.click("Choose password")
        .await
        .see("The two passwords differ.")
        .await;
    ada.fill("New password", "a new and long password").await;
    ada.fill("Repeat the password", "a new and long password").await;
    ada.click("Choose password").await.see("Your new password is set").await;
    ada.click("Sign in").await;
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.fill("Password", "a new and long password").await;
    ada.click("Sign in").await.see("Ada Admin").await;
    ada.open(&link)
        .await
        .see("has already been used or replaced by a newer one")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    world.give_password("acme", "ada").await;
    let ada = Chromium::new(&world).await;
    ada.open("/sign-in").await;
    ada.key(Key::Tab).await;
    assert_eq!(ada.focused().await, "Skip to content");
    ada.key(Key::Enter).await.key(Key::Tab).await;
    assert_eq!(ada.focused().await, "email");
    ada.fill("E-mail address", "ada@acme.example").await;
    ada.fill("Password", PASSWORD).await;
    ada.key(Key::Enter).await.see("Payroll Bridge").await;
    ada.open("/integration-applications").await;
    ada.click("Actions for Payroll Bridge").await.key(Key::Tab).await;
    assert_eq!(ada.focused().await, "Edit");
    ada.key(Key::Enter).await.see("Edit Payroll Bridge").await;
}
