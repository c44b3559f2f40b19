//! What every answer of an OAuth endpoint has to look like.

use crate::support::Answer;

impl Answer {
    /// The answer, which must be a refusal as RFC 6749 §5.2 has it (T27, T28).
    #[track_caller]
    pub fn oauth_refusal(self, status: u16, error: &str) -> Self {
        let answer = self.expect(status);
        answer.must_not_be_kept();
        assert_eq!(answer.header("content-type"), "application/json");
        let body = answer.json();
        assert_eq!(body["error"], error, "{body}");
        for (name, value) in body.as_object().unwrap() {
            assert!(
                ["error", "error_description", "error_uri"].contains(&name.as_str()),
                "{body}"
            );
            assert!(is_nqschar(value.as_str().unwrap()), "{body}");
        }
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge.starts_with("Basic realm=\""),
            status == 401,
            "{status} {challenge:?}"
        );
        answer
    }

    /// T27: no cache may keep it.
    #[track_caller]
    pub fn must_not_be_kept(&self) {
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("pragma"), "no-cache");
    }

    /// The seconds of `Retry-After`, which must be a number of at least one.
    #[track_caller]
    pub fn retry_after(&self) -> i64 {
        let seconds = self.header("retry-after");
        let seconds = seconds.parse().unwrap_or_else(|_| panic!("Retry-After: {seconds:?}"));
        assert!(seconds >= 1);
        seconds
    }

    /// Status, headers and body, without what differs from answer to answer anyway.
    pub fn as_sent(&self) -> String {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        format!("{}\n{}\n\n{}", self.status, headers.join("\n"), self.text())
    }

    /// The attributes of the one Bearer challenge (RFC 6750 §3; B04, B09).
    #[track_caller]
    pub fn bearer_challenge(&self) -> Vec<(String, String)> {
        let challenges: Vec<_> = self.headers.get_all("www-authenticate").iter().collect();
        let [challenge] = challenges.as_slice() else {
            panic!("not one challenge but {challenges:?}")
        };
        let challenge = challenge.to_str().unwrap();
        let mut rest = challenge
            .strip_prefix("Bearer ")
            .unwrap_or_else(|| panic!("{challenge}"));
        let mut attributes: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() {
            let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{challenge}"));
            let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("{challenge}"));
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{challenge}"
            );
            assert!(
                attributes.iter().all(|(earlier, _)| earlier != name),
                "{name} comes twice: {challenge}"
            );
            assert!(is_nqschar(value), "{challenge}");
            attributes.push((name.to_owned(), value.to_owned()));
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
        }
        assert!(attributes.iter().any(|(name, _)| name == "realm"), "{challenge}");
        attributes
    }

    /// The `error` of the Bearer challenge, if it has one.
    #[track_caller]
    pub fn bearer_error(&self) -> Option<String> {
        let attributes = self.bearer_challenge();
        attributes
            .into_iter()
            .find_map(|(name, value)| (name == "error").then_some(value))
    }
}

/// %x20-21 / %x23-5B / %x5D-7E: what an `error_description` is made of.
fn is_nqschar(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}
