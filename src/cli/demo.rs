//! `gatebook demo`: serves with sample data, and tells how to try it. A restart keeps all data.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{Permission, ProductPlan, Role};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::text::Label;
use serde::{Deserialize, Serialize};

use super::signals::{AtOnce, ClosedTerminal, Signals};
use super::start::Opened;
use super::{CliError, output, serve, start};
use crate::application::{Caller, Failure, Gatebook, Who};
use crate::config::{DataOptions, ServerOptions};
use crate::mail::MailFolder;
use crate::secrets::{Password, Randomness};
use crate::unique_id::unique_id;
use crate::web::loopback::is_loopback;

/// The contents of `DIR/demo.json`: everything needed to try Gatebook.
#[derive(Serialize, Deserialize)]
struct DemoFile {
    base_url: String,
    /// Empty if e-mails go to a mail server.
    mail_dir: String,
    operator_token: String,
    resource_server: DemoResourceServer,
    groups: Vec<DemoGroup>,
}

#[derive(Serialize, Deserialize)]
struct DemoResourceServer {
    client_id: String,
    client_secret: String,
}

#[derive(Serialize, Deserialize)]
struct DemoGroup {
    id: String,
    name: String,
    product_plan: String,
    entities: Vec<DemoEntity>,
    users: Vec<DemoUser>,
}

#[derive(Serialize, Deserialize)]
struct DemoEntity {
    id: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct DemoUser {
    id: String,
    email: String,
    name: String,
    role: String,
    permissions: Vec<String>,
    password: String,
    token: String,
}

struct Sample {
    id: &'static str,
    name: &'static str,
    plan: &'static str,
    entities: &'static [(&'static str, &'static str)],
    users: &'static [(&'static str, &'static str, Role, &'static [Permission])],
}

const SAMPLES: &[Sample] = &[
    Sample {
        id: "northwind",
        name: "Northwind Group",
        plan: "AIQ3",
        entities: &[
            ("nw-dublin", "Northwind Dublin Ltd"),
            ("nw-london", "Northwind London Ltd"),
            ("nw-berlin", "Northwind Berlin GmbH"),
            ("nw-paris", "Northwind Paris SARL"),
            ("nw-holding", "Northwind Holding plc"),
        ],
        users: &[
            ("paula", "Paula Practice", Role::PracticeAdmin, &[]),
            (
                "ida",
                "Ida Integration",
                Role::User,
                &[Permission::ManageIntegrationApplications],
            ),
            ("andy", "Andy Auditor", Role::User, &[Permission::ViewActivityLogs]),
            ("uma", "Uma User", Role::User, &[]),
        ],
    },
    Sample {
        id: "fabrikam",
        name: "Fabrikam Group",
        plan: "AIQ3",
        entities: &[("fab-one", "Fabrikam One"), ("fab-two", "Fabrikam Two")],
        users: &[("fiona", "Fiona Fabrikam", Role::PracticeAdmin, &[])],
    },
    Sample {
        id: "contoso",
        name: "Contoso Group",
        plan: "AIQ2",
        entities: &[("con-one", "Contoso One")],
        users: &[("carl", "Carl Contoso", Role::PracticeAdmin, &[])],
    },
];

/// Serves with sample data until a signal arrives or the terminal is closed.
pub async fn run(data: &DataOptions, options: &ServerOptions) -> Result<ExitCode, CliError> {
    let mut signals = Signals::listen(ClosedTerminal::Ends)?;
    let (listeners, options) = serve::bind(options).await?;
    let opened = match signals.unless_ended(start::gatebook(data, Some(&options))).await {
        Ok(opened) => opened?,
        Err(AtOnce(_)) => return Ok(ExitCode::SUCCESS),
    };
    let file = demo_file(&opened, data, &options).await?;
    let mailbox = mailbox(&file, &options);
    welcome(&file, &data.data, mailbox.is_some());
    serve::serve(opened, listeners, signals, data, &options, mailbox.as_ref()).await
}

/// The file of an earlier start, updated; or a new one with new sample data.
async fn demo_file(opened: &Opened, data: &DataOptions, options: &ServerOptions) -> Result<DemoFile, CliError> {
    let path = data.data.join("demo.json");
    let base_url = opened.gatebook.settings.public_url.clone();
    let mail_dir = mail_dir(data, options)?;
    let file = match earlier(opened, &path).await? {
        Some(earlier) => DemoFile {
            base_url,
            mail_dir,
            ..earlier
        },
        None => sample_data(&opened.gatebook, base_url, mail_dir).await?,
    };
    write_private(&path, &file)?;
    Ok(file)
}

/// The file of an earlier start on this database. A file for another database is ignored, because its tokens are
/// invalid here.
async fn earlier(opened: &Opened, path: &Path) -> Result<Option<DemoFile>, CliError> {
    let earlier: DemoFile = match std::fs::read(path) {
        Ok(earlier) => serde_json::from_slice(&earlier)
            .map_err(|error| CliError::Other(format!("{} cannot be read: {error}", path.display())))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CliError::io(path.display().to_string())(error)),
    };
    let caller = Caller::command_line(unique_id().to_string());
    let known = opened.gatebook.authenticate_operator(&caller, &earlier.operator_token);
    match known.await {
        Ok(_) => Ok(Some(earlier)),
        Err(Failure::Unauthenticated) => {
            let file = path.display();
            tracing::warn!(%file, "it belongs to another database; creating sample data and tokens");
            Ok(None)
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The folder for e-mails. Empty if they go to a mail server.
fn mail_dir(data: &DataOptions, options: &ServerOptions) -> Result<String, CliError> {
    let transport = serve::mail_transport(data, options)?;
    let Some(folder) = transport.folder() else {
        return Ok(String::new());
    };
    let folder = std::path::absolute(folder).map_err(CliError::io("locating the e-mails"))?;
    Ok(folder.display().to_string())
}

/// The e-mails, for reading them on a page. None if they go to a mail server, or if the page could be reached from other
/// machines, because it shows the links and codes in them to everybody.
fn mailbox(file: &DemoFile, options: &ServerOptions) -> Option<MailFolder> {
    let host = url::Url::parse(&file.base_url).ok()?.host_str()?.to_owned();
    let is_here_only = options.listen.is_loopback() && is_loopback(&host);
    (is_here_only && !file.mail_dir.is_empty()).then(|| MailFolder::new(Path::new(&file.mail_dir)))
}

/// Creates the sample data. Existing groups stay; everybody gets a new token and password.
async fn sample_data(gatebook: &Gatebook, base_url: String, mail_dir: String) -> Result<DemoFile, CliError> {
    let caller = Caller::command_line(unique_id().to_string());
    let operator_token = gatebook
        .create_operator_token(caller.operator()?, &label("demo")?, None)
        .await?;
    let operator_token = operator_token.token;
    let gateway = gatebook
        .create_resource_server(caller.operator()?, &label("demo gateway")?)
        .await?;
    let mut groups = Vec::new();
    for sample in SAMPLES {
        groups.push(sample_group(gatebook, sample).await?);
    }
    let resource_server = DemoResourceServer {
        client_id: gateway.client_id,
        client_secret: gateway.client_secret,
    };
    Ok(DemoFile {
        base_url,
        mail_dir,
        operator_token,
        resource_server,
        groups,
    })
}

async fn sample_group(gatebook: &Gatebook, sample: &Sample) -> Result<DemoGroup, CliError> {
    let operator = Caller::command_line(unique_id().to_string());
    let group_id = GroupId::parse(sample.id).map_err(Failure::from)?;
    let plan = ProductPlan::parse(sample.plan).map_err(Failure::from)?;
    gatebook
        .put_group(operator.operator()?, &group_id, label(sample.name)?, plan)
        .await?;
    for (id, name) in sample.entities {
        let entity_id = EntityId::parse(id).map_err(Failure::from)?;
        gatebook
            .put_entity(operator.operator()?, &group_id, entity_id, label(name)?)
            .await?;
    }
    let mut users = Vec::new();
    for (id, name, role, permissions) in sample.users {
        let user = Sampled {
            id,
            name,
            role: *role,
            permissions,
        };
        users.push(sample_user(gatebook, &operator, &group_id, sample, &user).await?);
    }
    Ok(DemoGroup {
        id: sample.id.to_owned(),
        name: sample.name.to_owned(),
        product_plan: sample.plan.to_owned(),
        entities: sample
            .entities
            .iter()
            .map(|(id, name)| DemoEntity {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
            })
            .collect(),
        users,
    })
}

struct Sampled {
    id: &'static str,
    name: &'static str,
    role: Role,
    permissions: &'static [Permission],
}

async fn sample_user(
    gatebook: &Gatebook,
    operator: &Caller,
    group_id: &GroupId,
    sample: &Sample,
    user: &Sampled,
) -> Result<DemoUser, CliError> {
    let user_id = UserId::parse(user.id).map_err(Failure::from)?;
    let address = format!("{}@{}.example", user.id, sample.id);
    let email = EmailAddress::parse("email", &address).map_err(Failure::from)?;
    gatebook
        .put_user(
            operator.operator()?,
            group_id,
            user_id.clone(),
            email,
            label(user.name)?,
            user.role,
        )
        .await?;
    for permission in user.permissions {
        grant(gatebook, operator, group_id, sample, &user_id, *permission).await?;
    }
    let password = format!("demo-{}", Randomness::secure().base62(16));
    let parsed = Password::parse(&password).map_err(CliError::other)?;
    gatebook.set_sample_password(group_id, &user_id, &parsed).await?;
    let token = gatebook
        .issue_user_token(operator.operator()?, group_id, user_id, label("demo")?)
        .await?
        .token;
    Ok(DemoUser {
        id: user.id.to_owned(),
        email: address,
        name: user.name.to_owned(),
        role: user.role.to_string(),
        permissions: user
            .permissions
            .iter()
            .map(|permission| <&str>::from(*permission).to_owned())
            .collect(),
        password,
        token,
    })
}

/// R2: the group's first user is its Practice Admin, who grants the permission.
async fn grant(
    gatebook: &Gatebook,
    operator: &Caller,
    group_id: &GroupId,
    sample: &Sample,
    user_id: &UserId,
    permission: Permission,
) -> Result<(), CliError> {
    let admin = sample.users.first().map_or("", |(id, ..)| *id);
    let admin = UserId::parse(admin).map_err(Failure::from)?;
    let admin = gatebook.member(group_id, &admin).await.map_err(Failure::from)?;
    let admin = operator.with(Who::GroupUser(admin.ok_or(Failure::Unauthenticated)?));
    gatebook
        .set_permission(admin.practice_admin()?, user_id.clone(), permission, true)
        .await?;
    Ok(())
}

fn label(name: &str) -> Result<Label, Failure> {
    Label::parse("name", name).map_err(|problem: FieldProblem| problem.into())
}

/// Writes atomically, and readable by the owner only, because the file contains tokens and passwords.
fn write_private(path: &Path, file: &DemoFile) -> Result<(), CliError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let failed = |what: &str| CliError::io(format!("{what} {}", path.display()));
    let text = serde_json::to_string_pretty(file).map_err(CliError::other)?;
    let temporary = path.with_extension("json.tmp");
    let mut options = std::fs::OpenOptions::new();
    let opened = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary);
    let mut opened = opened.map_err(failed("writing"))?;
    opened.write_all(text.as_bytes()).map_err(failed("writing"))?;
    opened.sync_all().map_err(failed("writing"))?;
    std::fs::rename(&temporary, path).map_err(failed("writing"))
}

/// Prints what to open and what to try.
fn welcome(file: &DemoFile, data: &Path, has_mailbox: bool) {
    let users: BTreeMap<&str, &DemoUser> = file
        .groups
        .iter()
        .flat_map(|group| &group.users)
        .map(|user| (user.id.as_str(), user))
        .collect();
    let (url, demo) = (&file.base_url, data.join("demo.json"));
    let token = |id: &str| users.get(id).map_or("", |user| &user.token);
    let sign_in = |id: &str| {
        users
            .get(id)
            .map(|user| format!("{}  password  {}", user.email, user.password))
            .unwrap_or_default()
    };
    let (ida, operator) = (token("ida"), &file.operator_token);
    let (mails, look) = match file.mail_dir.as_str() {
        "" => (
            "are sent to the mail server".to_owned(),
            "# the invitation has been sent to the mail server".to_owned(),
        ),
        folder if has_mailbox => (
            format!("{url}/demo/mail    what the demo has sent; as files in {folder}"),
            format!("# the invitation with the developer’s link is at {url}/demo/mail"),
        ),
        folder => (
            folder.to_owned(),
            format!("ls {folder}                      the invitation with the developer’s link"),
        ),
    };
    output::hint(format_args!(
        r#"
Gatebook is listening on {url}
  open    {url}/            the console; sign in with one of:
            Integration Admin  {ida_signs_in}
            Practice Admin     {paula_signs_in}
  open    {url}/portal      the Developer Portal, once invited
  open    {url}/operator    for operators; token  {operator}
  read    {url}/docs        the JSON API
  read    {demo}    tokens and passwords of the sample users, the operator and the gateway
  mails   {mails}

Or without a browser (Ida is the Integration Admin of the group “northwind”):

  IDA={ida}
  curl -s {url}/api/v1/me -H "Authorization: Bearer $IDA"
  curl -s {url}/api/v1/integration-apps -H "Authorization: Bearer $IDA" -H 'Content-Type: application/json' -d '{{
    "integration_type": "new_integration", "name": "Payroll Bridge", "description": "Posts the payroll journals.",
    "category": "payroll_and_hr", "developer_email": "dev@example.com", "api_permission": "read",
    "entities": ["nw-dublin", "nw-london"]}}'
  {look}

The README continues from here. Press Ctrl-C to stop. Start again with the same folder to keep all data.
"#,
        demo = demo.display(),
        ida_signs_in = sign_in("ida"),
        paula_signs_in = sign_in("paula"),
    ));
}
