//! The JSON API, grouped by caller: one folder for each, one file for each endpoint.

pub mod admin;
pub mod gateway;
pub mod json;
pub mod meta;
pub mod oauth;
pub mod operator;
pub mod portal;
