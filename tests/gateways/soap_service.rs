//! The SOAP service behind the gateways. It shows what such a service has to check by itself, and remembers what
//! arrived.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// A call that reached the service.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
    /// What the service did.
    pub done: Result<String, String>,
}

/// The service. It ends with the test.
pub struct SoapService {
    pub address: String,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

impl SoapService {
    /// Serves on a free port of loopback.
    pub async fn start() -> Self {
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new()
            .fallback(called)
            .layer(DefaultBodyLimit::disable())
            .with_state(arrivals.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, arrivals }
    }

    /// All that arrived since this was last asked.
    pub fn new_arrivals(&self) -> Vec<Arrival> {
        std::mem::take(&mut *self.arrivals.lock().unwrap())
    }
}

async fn called(
    State(arrivals): State<Arc<Mutex<Vec<Arrival>>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let soap_1_2 = body.contains("http://www.w3.org/2003/05/soap-envelope");
    let done = perform(&headers, &body);
    arrivals.lock().unwrap().push(Arrival {
        uri: uri.to_string(),
        headers,
        body,
        done: done.clone(),
    });
    let (status, content) = match done {
        Ok(content) => (StatusCode::OK, content),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, fault(&why)),
    };
    let (namespace, media_type) = match soap_1_2 {
        false => ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8"),
        true => (
            "http://www.w3.org/2003/05/soap-envelope",
            "application/soap+xml; charset=utf-8",
        ),
    };
    let envelope = format!(r#"<s:Envelope xmlns:s="{namespace}"><s:Body>{content}</s:Body></s:Envelope>"#);
    (status, [(header::CONTENT_TYPE, media_type)], envelope).into_response()
}

/// A gateway looks at the address and at the action's name. Which entity and which operation the body names, only the
/// service knows; both must be what the gateway asked for.
fn perform(headers: &HeaderMap, body: &str) -> Result<String, String> {
    let (entity, access) = (only(headers, "x-entity-id")?, only(headers, "x-api-access")?);
    let (operation, needed) = match () {
        () if body.contains(":GetInvoices") || body.contains("<GetInvoices") => ("GetInvoices", "read"),
        () if body.contains(":PostInvoice") || body.contains("<PostInvoice") => ("PostInvoice", "write"),
        () => return Err("no operation of ours".to_owned()),
    };
    if needed == "write" && access != "write" {
        return Err(format!("{operation} is not what the gate was asked about"));
    }
    let named = element(body, "entity").ok_or("no entity")?;
    if named != entity {
        return Err(format!("the body names {named}, the gate was asked about {entity}"));
    }
    let what = element(body, "text").map_or(0, str::len);
    let result = format!("{operation} of {entity}, {what} bytes");
    Ok(format!(
        r#"<{operation}Response xmlns="urn:example:accounting"><result>{result}</result></{operation}Response>"#
    ))
}

/// A header's one value.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    match values.as_slice() {
        [value] => value.to_str().map_err(|error| error.to_string()),
        values => Err(format!("{name} came {} times", values.len())),
    }
}

/// The text of the first element of this name, which may have a prefix. Enough for what zeep sends.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let begin = [format!(":{name}>"), format!("<{name}>")];
    let rest = begin
        .iter()
        .find_map(|begin| Some(body.split_once(begin.as_str())?.1))?;
    Some(rest.split_once("</")?.0)
}

fn fault(why: &str) -> String {
    format!("<s:Fault><faultcode>s:Client</faultcode><faultstring>{why}</faultstring></s:Fault>")
}
