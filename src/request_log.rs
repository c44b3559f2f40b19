//! Collects facts for a request's log line, beside address and answer: the caller, the application, and the gate's
//! decision. Code that learns them notes them; outside a request, notes are ignored. They contain ids only, no secrets
//! and nothing that a caller invented.

use std::cell::RefCell;

use gatebook_aggregates::identifiers::AppId;

tokio::task_local! {
    static NOTES: RefCell<RequestNotes>;
}

/// What is known about the request that a task answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestNotes {
    /// The kind of the authenticated caller.
    pub caller_kind: Option<&'static str>,
    /// The caller's id within that kind.
    pub caller_id: Option<String>,
    /// The application concerned; the last one, if there were several.
    pub app_id: Option<AppId>,
    /// The gate's decisions: each reason once, separated by commas.
    pub verdict: Option<String>,
    /// The code of a refusal that a page shows beside the form.
    pub refusal: Option<String>,
}

/// Runs the answering of a request, and returns the answer with the notes made meanwhile.
pub async fn noting<T>(answering: impl Future<Output = T>) -> (T, RequestNotes) {
    let noted = async {
        let answer = answering.await;
        (answer, NOTES.with(RefCell::take))
    };
    NOTES.scope(RefCell::default(), noted).await
}

/// Notes an authenticated caller.
pub fn note_caller(kind: &'static str, id: &str) {
    note(|notes| {
        notes.caller_kind = Some(kind);
        notes.caller_id = Some(id.to_owned());
    });
}

/// Notes the application that the request concerns.
pub fn note_app(id: AppId) {
    note(|notes| notes.app_id = Some(id));
}

/// Notes a refusal that the page shows.
pub fn note_refusal(code: &str) {
    note(|notes| notes.refusal = Some(code.to_owned()));
}

/// Notes a decision of the gate.
pub fn note_verdict(reason: &'static str) {
    note(|notes| match &mut notes.verdict {
        Some(verdict) if verdict.split(',').any(|earlier| earlier == reason) => {}
        Some(verdict) => {
            verdict.push(',');
            verdict.push_str(reason);
        }
        none => *none = Some(reason.to_owned()),
    });
}

fn note(change: impl FnOnce(&mut RequestNotes)) {
    // Outside a request there is nothing to note for.
    let _ = NOTES.try_with(|notes| change(&mut notes.borrow_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_noted_belongs_to_the_request_that_is_answered() {
        note_verdict("ok");
        let (answer, notes) = noting(async {
            note_caller("operator", "0199");
            for reason in ["ok", "token_revoked", "ok"] {
                note_verdict(reason);
            }
            let (_, inner) = noting(async { note_verdict("token_expired") }).await;
            assert_eq!(inner.verdict.as_deref(), Some("token_expired"));
            7
        })
        .await;
        assert_eq!(answer, 7);
        assert_eq!(notes.caller_kind, Some("operator"));
        assert_eq!(notes.caller_id.as_deref(), Some("0199"));
        assert_eq!(notes.verdict.as_deref(), Some("ok,token_revoked"));
    }
}
