//! What the line in the log says of a request beside its address and its answer: who called, about which application,
//! and how the gate decided. Whoever finds out notes it; outside of a request nothing is noted. Only ids, never a secret
//! and nothing that a caller made up.

use std::cell::RefCell;

use gatebook_aggregates::identifiers::AppId;

tokio::task_local! {
    static NOTES: RefCell<RequestNotes>;
}

/// What was found out about the request that a task answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestNotes {
    /// What kind of caller proved who they are.
    pub caller_kind: Option<&'static str>,
    /// The caller's id among their kind.
    pub caller_id: Option<String>,
    /// The application that it was about; the last one, if there were several.
    pub app_id: Option<AppId>,
    /// How the gate decided: each reason once, separated by commas.
    pub verdict: Option<String>,
    /// The code of what was refused, where the answer is a page that tells of it beside what was entered.
    pub refusal: Option<String>,
}

/// Answers a request; the answer, and what was noted meanwhile.
pub async fn noting<T>(answering: impl Future<Output = T>) -> (T, RequestNotes) {
    let noted = async {
        let answer = answering.await;
        (answer, NOTES.with(RefCell::take))
    };
    NOTES.scope(RefCell::default(), noted).await
}

/// Somebody proved who they are.
pub fn note_caller(kind: &'static str, id: &str) {
    note(|notes| {
        notes.caller_kind = Some(kind);
        notes.caller_id = Some(id.to_owned());
    });
}

/// The request is about this application.
pub fn note_app(id: AppId) {
    note(|notes| notes.app_id = Some(id));
}

/// Something was refused, and the page says so.
pub fn note_refusal(code: &str) {
    note(|notes| notes.refusal = Some(code.to_owned()));
}

/// The gate decided.
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
    // Outside of a request there is nobody to tell.
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
