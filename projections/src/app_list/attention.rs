//! What the database knows of what needs attention: what stands beside an application's row, and the conditions of lists. The
//! conditions say the same as [`attention`](gatebook_aggregates::attention::attention).

use std::fmt::Write as _;

use gatebook_aggregates::attention::{
    ACCESS_ENDS_TODAY, Attention, AttentionFacts, LAST_SECRET_ENDS_SOON, NEVER_USED_AFTER, OpenWithDeveloper,
    SECRET_ENDS_SOON, UNUSED_AFTER,
};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::ClientSecret;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{AppList, AppListed, AppRow, Link};
use crate::projection::Projection;
use crate::sql::{Query, RowError, RowReader, Value};

/// Which applications a list is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NeedsAttention {
    /// For this reason.
    For(Attention),
    /// For any reason.
    Any(AnyReason),
}

/// The word that stands for all reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyReason {
    /// It.
    Any,
}

impl NeedsAttention {
    /// For any reason.
    pub const ANY: Self = Self::Any(AnyReason::Any);
}

/// How a database reads a JSON list as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonLists {
    /// As SQLite does.
    Sqlite,
    /// As PostgreSQL does.
    Postgres,
}

impl JsonLists {
    /// A table of the texts in a column, which are its `value`.
    fn texts(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({column}) as item"),
            Self::Postgres => format!("json_array_elements_text({column}::json) as item(value)"),
        }
    }

    /// A table of the objects in a column; `item.value ->> 'name'` is a text in one of them.
    fn objects(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({column}) as item"),
            Self::Postgres => format!("json_array_elements({column}::json) as item(value)"),
        }
    }
}

/// When a list of what needs attention is asked for, and of which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionAt {
    /// When.
    pub now: Timestamp,
    /// How the database reads JSON.
    pub json: JsonLists,
}

/// What other tables know of an application, as far as attention depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// R23: those that were not retired.
    pub client_secrets: Vec<ClientSecret>,
    /// Whether an e-mail that the developer waits for could not be delivered.
    pub has_refused_mail: bool,
    /// When the application was used last.
    pub last_used_at: Option<Timestamp>,
}

impl Beside {
    /// Reads what [`select_beside`] selects.
    pub(super) fn read(row: &mut RowReader) -> Result<Self, RowError> {
        let client_secrets: Option<Vec<ClientSecret>> = row.value()?;
        Ok(Self {
            client_secrets: client_secrets.unwrap_or_default(),
            has_refused_mail: row.optional_text()?.is_some(),
            last_used_at: row.optional_time()?,
        })
    }
}

/// A part of a `select`: what [`Beside`] reads of the application `a` and its developer `d`.
pub(super) fn select_beside() -> String {
    format!(
        "(select p.client_secrets from portal_apps p where p.app_id = a.app_id), \
         case when {REFUSED_MAIL} then 'refused' end, {LAST_USE}"
    )
}

/// What stands beside one application, and the name of the developer with an address. See [`AppListed::beside_read`].
pub fn beside(app_id: AppId, email_key: Option<&str>) -> Query {
    let mut query = Query::new("select ", []);
    let email_key = query.arg(email_key.map(str::to_owned));
    let id = query.arg(app_id);
    query.push(&format!(
        "(select full_name from developers where email_key = {email_key}), {} from app_list a \
         left join developers d on d.email_key = a.developer_email_key where a.app_id = {id}",
        select_beside()
    ));
    query
}

/// Nobody has signed up with the address yet.
const INVITED: &str = "(a.link = 'invited' and d.developer_id is null)";
/// There is an OTP to be verified.
const HAS_OTP: &str = "a.link in ('invited', 'assigned')";
/// As `EmailSubject` of the root crate writes what e-mails are about.
const REFUSED_MAIL: &str = "(a.link in ('invited', 'assigned') and exists (select 1 from outbox o where o.state = 'failed' \
     and o.about in ('OTP of ' || a.app_id, case when a.link = 'invited' and d.developer_id is null \
     then 'invitation to ' else 'assignment of ' end || a.app_id)))";
/// When the application was used last.
const LAST_USE: &str = "(select u.last_used_at from last_uses u where u.id = a.app_id)";

/// The condition that an application needs attention; of what is asked for at no time, nothing does.
pub(super) fn needs_attention(query: &mut Query, wanted: NeedsAttention, at: Option<AttentionAt>) -> String {
    let Some(at) = at else {
        return "1 = 0".to_owned();
    };
    let reasons = match &wanted {
        NeedsAttention::For(reason) => std::slice::from_ref(reason),
        NeedsAttention::Any(AnyReason::Any) => Attention::VARIANTS,
    };
    let mut condition = format!(
        "a.status = 'active' and (a.ends_at is null or a.ends_at > {}) and (",
        query.arg(at.now)
    );
    for (number, reason) in reasons.iter().enumerate() {
        let or = if number == 0 { "" } else { " or " };
        let _ = write!(condition, "{or}({})", holds(query, *reason, at));
    }
    condition + ")"
}

/// The condition that one reason holds of an application that is active.
fn holds(query: &mut Query, reason: Attention, AttentionAt { now, json }: AttentionAt) -> String {
    match reason {
        Attention::OtpLocked => format!("{HAS_OTP} and a.otp_attempts_left <= 0"),
        Attention::MailRefused => REFUSED_MAIL.to_owned(),
        Attention::AccessEndsToday => ends_within(query, "a.ends_at", ACCESS_ENDS_TODAY, now),
        Attention::SecretEndsSoon => secret_ends_soon(query, now, json),
        Attention::InvitationExpired => format!("{INVITED} and a.invite_expires_at <= {}", query.arg(now)),
        Attention::OtpExpired => format!(
            "{HAS_OTP} and a.otp_attempts_left > 0 and a.otp_expires_at <= {}",
            query.arg(now)
        ),
        Attention::NoEntities => format!(
            "not exists (select 1 from {} join group_entities e on e.group_id = a.group_id and e.entity_id = item.value)",
            json.texts("a.entities")
        ),
        Attention::NeverUsed => format!(
            "a.verified_at <= {} and {LAST_USE} is null",
            query.arg(now.plus(-NEVER_USED_AFTER))
        ),
        Attention::Unused90Days => format!("{LAST_USE} <= {}", query.arg(now.plus(-UNUSED_AFTER))),
    }
}

fn ends_within(query: &mut Query, end: &str, time: chrono::TimeDelta, now: Timestamp) -> String {
    let (now, until) = (query.arg(now), query.arg(now.plus(time)));
    format!("{end} > {now} and {end} <= {until}")
}

fn secret_ends_soon(query: &mut Query, now: Timestamp, json: JsonLists) -> String {
    let end = "(item.value ->> 'ends_at')";
    let any_within_a_day = ends_within(query, end, SECRET_ENDS_SOON, now);
    let any_within_two_weeks = ends_within(query, end, LAST_SECRET_ENDS_SOON, now);
    let two_weeks = query.arg(now.plus(LAST_SECRET_ENDS_SOON));
    let items = json.objects("p.client_secrets");
    format!(
        "exists (select 1 from portal_apps p where p.app_id = a.app_id and (\
         exists (select 1 from {items} where {any_within_a_day}) \
         or (exists (select 1 from {items} where {any_within_two_weeks}) \
         and not exists (select 1 from {items} where {end} is null or {end} > {two_weeks}))))"
    )
}

impl AppListed {
    /// Reads a row of [`beside`] of an application.
    pub fn beside_read(app: AppRow, values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(AppList::NAME, values);
        Ok(Self {
            app,
            developer_name: row.value()?,
            beside: Beside::read(&mut row)?,
        })
    }

    /// R14, R18: what its developer still has to do something with; nothing once the application was revoked.
    pub fn open_with_developer(&self) -> OpenWithDeveloper {
        match self.app.link {
            Link::None | Link::Verified => OpenWithDeveloper::default(),
            Link::Invited | Link::Assigned => OpenWithDeveloper {
                invite_expires_at: self.invite_expires_at(),
                otp_expires_at: self.app.otp_expires_at,
                otp_attempts_left: self.app.otp_attempts_left,
            },
        }
    }

    /// What is known of it. The group tells the rest.
    pub fn attention_facts(&self, is_on_plan: bool, has_entities: bool) -> AttentionFacts<'_> {
        AttentionFacts {
            is_on_plan,
            status: self.app.status,
            ends_at: self.app.ends_at,
            developer: self.open_with_developer(),
            verified_at: self.app.verified_at,
            has_refused_mail: self.beside.has_refused_mail,
            has_entities,
            client_secrets: &self.beside.client_secrets,
            last_used_at: self.beside.last_used_at,
        }
    }
}
