//! The four proxies that configurations are shipped for, as real processes with exactly those configurations, between a
//! real SOAP client and a small SOAP service: what passes, what does not, and what attackers have tried.

mod apache;
mod caddy;
mod haproxy;
mod nginx;
mod obvious_recipe;
mod place;
mod private_proxy;
mod raw;
mod smuggling;
mod soap_client;
mod soap_service;
mod story;
