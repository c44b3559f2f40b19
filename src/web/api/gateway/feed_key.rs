//! `GET /gateway/feed-key`: what verifies the signatures of the feed.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::service::Service;

/// A JSON Web Key (RFC 7517, RFC 8037).
#[derive(Serialize, ToSchema)]
pub struct PublicKey {
    /// Always `OKP`.
    #[schema(value_type = String)]
    kty: &'static str,
    /// Always `Ed25519`.
    #[schema(value_type = String)]
    crv: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    usage: &'static str,
    /// Always `EdDSA`.
    #[schema(value_type = String)]
    alg: &'static str,
    /// The key's thumbprint (RFC 7638). Answers of `/gateway/feed` name it as `key_id`.
    kid: String,
    /// The key: 32 bytes in unpadded base64url.
    x: String,
}

/// Show the key of the feed
///
/// All nodes sign what they say at `/gateway/feed` with the same key. It changes only with the key file. Whoever gets the feed
/// from somewhere else than a node verifies the signature with this key, which they should have got from a node before.
#[utoipa::path(
    get,
    path = "/gateway/feed-key",
    tag = "Gateways",
    responses((status = 200, description = "The public key.", body = PublicKey)),
    security(())
)]
pub async fn show_feed_key(State(service): State<Service>) -> Json<PublicKey> {
    let key = service.feed_key();
    Json(PublicKey {
        kty: "OKP",
        crv: "Ed25519",
        usage: "sig",
        alg: "EdDSA",
        kid: key.key_id.clone(),
        x: key.x.clone(),
    })
}
