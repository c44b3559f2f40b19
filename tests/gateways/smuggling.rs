//! What attackers send: addresses and headers that are to be read one way by the proxy and another way by Gatebook or
//! by the service.

use super::place::Place;
use super::private_proxy::PrivateProxy;
use super::raw::{raw, status};
use super::story::{Tokens, post, said};

/// Addresses that name an entity to somebody, or none to anybody. None of them reaches the service.
const ADDRESSES: &[&str] = &[
    // Line breaks, which a proxy may decode into the head of its question.
    "/soap/e1%0d%0aX-Api-Access:%20read%0d%0a%0d%0a",
    "/soap/e1%0D%0AX-Api-Access:%20read%0D%0A%0D%0A/write",
    "/soap/e1%0aX-Api-Access:%20read%0a%0a",
    "/soap/e1%0dX-Api-Access:%20read%0d%0d",
    "/soap/e1%0d%0a",
    "/soap/e1%0a",
    "/soap/e1%250d%250aX-Api-Access:%20read",
    "/soap/e1%e5%98%8d%e5%98%8aX-Api-Access:%20read",
    "/soap/e1%00",
    // Another folder than it seems.
    "/soap/e1/../e3",
    "/soap/e1/%2e%2e/e3",
    "/soap/e1/..%2fe3",
    "/soap/e1/..;/e3",
    "/soap/e1/./Invoices",
    "/soap/e1//Invoices",
    "//soap/e1",
    "/soap//e1",
    "/./soap/e1",
    "/soap/../soap/e1",
    "/soap/.",
    "/soap/..",
    "/soap/../",
    "/soap/.?wsdl",
    "/soap/",
    "/soap",
    "/soap/?e1",
    "/soap/%65%31",
    "/%73oap/e1",
    "/soap\\e1",
    "/soap/e1\\..\\e3",
    "/SOAP/e1",
    "/soap/e1;e3",
    "/soap/e1,e3",
    "/soap/é1",
    // One sign too many.
    "/soap/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Lines of a head that try to change what Gatebook is asked, beside a call that only reads. None of them makes
/// a write of it.
const LINES: &[&str] = &[
    "X-Api-Access: write\r\n",
    "X-Entity-Id: e3\r\n",
    "X-Entity-Id: e1%0d%0aX-Api-Access: write\r\n",
    "X-Entity-Id: e1\rX-Api-Access: write\r\n",
    "X-Entity-Id: e1\nX-Api-Access: write\r\n",
    "X-Entity-Id: e1\r\n X-Api-Access: write\r\n",
    "X-Entity-Id : e3\r\n",
    "X-Entity-Id\t: e3\r\n",
    "X-Original-URI: /soap/e3\r\n",
    "X-Original-URL: /soap/e3\r\nX-Rewrite-URL: /soap/e3\r\n",
    "X-Forwarded-Uri: /soap/e3\r\nX-Forwarded-Method: GET\r\n",
    "Connection: close, X-Entity-Id, X-Api-Access, X-App-Id\r\n",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    "Connection: Upgrade\r\nUpgrade: websocket\r\n",
];

/// Whatever is tried with a token that reads: the service is not asked to write, and of no entity but its own.
pub async fn nothing_is_smuggled(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    addresses_that_are_none_of_ours_lead_nowhere(place, proxy, tokens).await;
    lines_that_a_client_adds_change_nothing(place, proxy, tokens).await;
    a_header_that_comes_twice_gains_nothing(place, proxy, tokens).await;
    what_reads_like_a_read_and_is_none_is_a_write(place, proxy, tokens).await;
    a_body_is_not_taken_for_another_call(place, proxy, tokens).await;
}

async fn addresses_that_are_none_of_ours_lead_nowhere(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    for address in ADDRESSES {
        for token in [&tokens.read, &tokens.both] {
            let request = post(address, token, "GetInvoices", "Content-Length: 0\r\n");
            let answer = raw(&proxy.address, request.as_bytes()).await;
            assert!(!(200..300).contains(&status(&answer)), "{address}: {answer}");
            assert!(place.service.new_arrivals().is_empty(), "{address}");
        }
    }
}

async fn lines_that_a_client_adds_change_nothing(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    let body = "<GetInvoices><entity>e1</entity></GetInvoices>";
    for line in LINES {
        for operation in ["GetInvoices", "PostInvoice"] {
            let lines = format!("{line}Content-Length: {}\r\n", body.len());
            let request = format!("{}{body}", post("/soap/e1", &tokens.read, operation, &lines));
            let answer = raw(&proxy.address, request.as_bytes()).await;
            for arrival in place.service.new_arrivals() {
                assert_eq!(operation, "GetInvoices", "{line:?}: {answer}");
                assert_eq!(said(&arrival, "x-api-access"), ["read"], "{line:?}");
                // Through a connection that became another protocol's, calls go past the gate.
                assert_eq!(said(&arrival, "upgrade"), [""; 0], "{line:?}");
                // A gateway's word that is missing is noticed by the service; a wrong one would not be.
                assert!(
                    matches!(said(&arrival, "x-entity-id").as_slice(), ["e1"] | []),
                    "{line:?}"
                );
            }
        }
    }
}

async fn a_header_that_comes_twice_gains_nothing(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    let with = |token: &str, operation: &str, line: &str| {
        post("/soap/e1", token, operation, &format!("{line}Content-Length: 0\r\n"))
    };
    let second_token = format!("Authorization: Bearer {}\r\n", tokens.both);
    let second_action = "SOAPAction: \"urn:example:accounting/GetInvoices\"\r\n";
    for request in [
        with(&tokens.read, "PostInvoice", &second_token),
        with("gbt_made_up", "PostInvoice", &second_token),
        with(&tokens.read, "PostInvoice", second_action),
    ] {
        let answer = raw(&proxy.address, request.as_bytes()).await;
        assert!([400, 401, 403].contains(&status(&answer)), "{request}{answer}");
        assert!(place.service.new_arrivals().is_empty(), "{request}");
    }
    // The other way round: what was decided by is what the service sees.
    let second_action = "SOAPAction: \"urn:example:accounting/PostInvoice\"\r\n";
    let answer = raw(
        &proxy.address,
        with(&tokens.read, "GetInvoices", second_action).as_bytes(),
    )
    .await;
    for arrival in place.service.new_arrivals() {
        assert_eq!(
            said(&arrival, "soapaction"),
            ["\"urn:example:accounting/GetInvoices\""],
            "{answer}"
        );
        assert_eq!(said(&arrival, "x-api-access"), ["read"]);
    }
}

async fn what_reads_like_a_read_and_is_none_is_a_write(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    let call = |method: &str, target: &str, content_type: &str, action: &str| {
        let head = post(target, &tokens.read, "?", "Content-Length: 0\r\n");
        let head = head.replacen("POST", method, 1);
        let head = head.replace("Content-Type: text/xml; charset=utf-8\r\n", content_type);
        head.replace("SOAPAction: \"urn:example:accounting/?\"\r\n", action)
    };
    let text = "Content-Type: text/xml\r\n";
    let soap_1_2 = |action: &str| format!("Content-Type: application/soap+xml; action={action}\r\n");
    for request in [
        // No action at all, or one that only looks like a read.
        call("POST", "/soap/e1", text, ""),
        call("POST", "/soap/e1", text, "SOAPAction: \"\"\r\n"),
        call("POST", "/soap/e1", text, "SOAPAction: \"urn:a/Getaway\"\r\n"),
        call("POST", "/soap/e1", text, "SOAPAction: \"urn:a/GetX/PostInvoice\"\r\n"),
        call("POST", "/soap/e1", text, "SOAPAction: \"urn:a/PostInvoice GetX\"\r\n"),
        call(
            "POST",
            "/soap/e1",
            text,
            "SOAPAction: \"urn:a/PostInvoice\",\"urn:a/GetX\"\r\n",
        ),
        call("POST", "/soap/e1", text, "SOAPAction: urn:a/PostInvoice,urn:a/GetX\r\n"),
        call("POST", "/soap/e1", text, "SOAPAction: \"urn:a/PostInvoice|/GetX\"\r\n"),
        // The other version's place, both places, or the parameter twice.
        call("POST", "/soap/e1", &soap_1_2("\"urn:a/PostInvoice\""), ""),
        call(
            "POST",
            "/soap/e1",
            &soap_1_2("\"urn:a/PostInvoice\""),
            "SOAPAction: \"urn:a/GetX\"\r\n",
        ),
        call(
            "POST",
            "/soap/e1",
            &soap_1_2("\"urn:a/PostInvoice\"; action=\"urn:a/GetX\""),
            "",
        ),
        call(
            "POST",
            "/soap/e1",
            &soap_1_2("\"urn:a/GetX\"; action=\"urn:a/PostInvoice\""),
            "",
        ),
        call(
            "POST",
            "/soap/e1",
            "Content-Type: multipart/related\r\n",
            "SOAPAction: \"urn:a/GetX\"\r\n",
        ),
        // Services that look into the query, and other methods.
        call(
            "POST",
            "/soap/e1?op=PostInvoice",
            text,
            "SOAPAction: \"urn:a/GetX\"\r\n",
        ),
        call("PUT", "/soap/e1", text, "SOAPAction: \"urn:a/GetX\"\r\n"),
        call("DELETE", "/soap/e1", "", ""),
        call("GET", "/soap/e1", "", ""),
        call("GET", "/soap/e1?op=PostInvoice", "", ""),
        call("GET", "/soap/e1?wsdl&op=PostInvoice", "", ""),
    ] {
        let answer = raw(&proxy.address, request.as_bytes()).await;
        assert_eq!(status(&answer), 403, "{request}{answer}");
        assert!(place.service.new_arrivals().is_empty(), "{request}");
    }
    let answer = raw(&proxy.address, call("GET", "/soap/e1?wsdl", "", "").as_bytes()).await;
    assert_eq!(
        place.service.new_arrivals().len(),
        1,
        "the WSDL is for readers: {answer}"
    );
}

/// Two lengths, one of which leaves a second call in the body.
async fn a_body_is_not_taken_for_another_call(place: &Place, proxy: &PrivateProxy, tokens: &Tokens) {
    let hidden = post(
        "/soap/e3",
        &tokens.read,
        "PostInvoice",
        "X-Entity-Id: e3\r\nX-Api-Access: write\r\nContent-Length: 0\r\n",
    );
    let chunked = format!("0\r\n\r\n{hidden}");
    for lines in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", chunked.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", chunked.len()),
        format!("Content-Length: {}\r\nTransfer-Encoding: xchunked\r\n", chunked.len()),
        format!("Content-Length: {}\r\nTransfer-Encoding : chunked\r\n", chunked.len()),
        format!("Content-Length: {}\r\nContent-Length: 0\r\n", chunked.len()),
        format!("Content-Length: 0\r\nContent-Length: {}\r\n", chunked.len()),
    ] {
        let head = post("/soap/e1", &tokens.read, "GetInvoices", &lines).replace("Connection: close\r\n", "");
        let answer = raw(&proxy.address, format!("{head}{chunked}").as_bytes()).await;
        for arrival in place.service.new_arrivals() {
            assert_eq!(arrival.uri, "/soap/e1", "{lines}{answer}");
            assert_eq!(said(&arrival, "x-entity-id"), ["e1"], "{lines}");
            assert_eq!(said(&arrival, "x-api-access"), ["read"], "{lines}");
        }
    }
}
