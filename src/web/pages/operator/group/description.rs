//! A group's name and plan. Unseen changes are not overwritten, and integrations are stopped only after a confirmation.

use axum::response::Response;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::application::{Failure, GroupChange, GroupPrecondition};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::OperatorUser;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::operator::group::{ConfirmForm, back, form_for, question, stopping};
use crate::web::pages::operator::groups::{all_three, group_path, label};
use crate::web::pages::rehearsal;
use crate::web::service::Service;

/// Saves the form; asks first if the new plan would stop integrations.
pub(super) async fn describe(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
) -> Result<Response, Failure> {
    let plan = ProductPlan::parse(form.text("product_plan"));
    let (name, plan, ()) = all_three(label("name", form), plan, Ok(()))?;
    let group = service.group(id).await?.ok_or(Refusal::NotFound)?;
    let stops = group.customer.product_plan.has_integration_apps() && !plan.has_integration_apps();
    if stops && !form.has("sure") {
        let rehearsal = rehearsal::of_group(service, operator, id, GroupChange::ChangePlan(plan)).await;
        return ask(service, operator, &group, form, rehearsal).await;
    }
    let seen = GroupPrecondition::As {
        name: form.text("shown_name").to_owned(),
        product_plan: form.text("shown_plan").to_owned(),
    };
    service
        .put_group_if(operator.operator()?, id, &seen, name, plan)
        .await?;
    Ok(back(id, "saved"))
}

async fn ask(
    service: &Service,
    operator: &OperatorUser,
    group: &GroupRow,
    form: &Form,
    rehearsal: Markup,
) -> Result<Response, Failure> {
    let (now, plan) = (group.customer.product_plan.as_str(), form.text("product_plan"));
    let submitted = ["do", "name", "product_plan", "shown_name", "shown_plan"];
    Ok(question(
        operator,
        group,
        &ConfirmForm {
            title: html! { "Change the plan of " bdi { (group.customer.name.as_str()) } " from " (now) " to " bdi { (plan) } "?" },
            rehearsal,
            message: html! {
                p {
                    "The plan " bdi { (plan) } " does not include integration applications. All of the group’s \
                    integrations stop at once: access tokens are refused, no new ones are issued, and nothing can be \
                    created or changed."
                }
                (stopping::applications(service, operator, &group.group_id, None).await?)
                p { "Once the group is back on " (now) ", everything works as before." }
            },
            action: &group_path(&group.group_id),
            fields: html! {
                @for name in submitted { input type="hidden" name=(name) value=(form.text(name)); }
                input type="hidden" name="sure" value="yes";
            },
            yes: "Yes, change the plan",
        },
    ))
}

/// The form. It also sends the values that it showed, so that changes made in the meantime are noticed.
pub(super) fn form(operator: &OperatorUser, group: &GroupRow, form: &Form, errors: &Errors) -> Markup {
    let (stored_name, stored_plan) = stored(group);
    let (name, plan) = match form.has("do") {
        true => (form.text("name"), form.text("product_plan")),
        false => (stored_name, stored_plan),
    };
    let fields = html! {
        input type="hidden" name="shown_name" value=(stored_name);
        input type="hidden" name="shown_plan" value=(stored_plan);
        (Field { name: "name", label: "Name", value: name, ..Field::default() }.input(errors))
        (Field { name: "product_plan", label: "Product plan", value: plan, ..Field::default() }.input(errors))
        button.button.primary type="submit" { "Save" }
    };
    form_for(operator, group, "describe", &fields)
}

/// Whether the stored values have changed since the form was shown, and differ from the entered ones.
pub(super) fn is_out_of_date(group: &GroupRow, form: &Form) -> bool {
    let shown = (form.text("shown_name"), form.text("shown_plan"));
    let entered = (form.text("name"), form.text("product_plan"));
    form.text("do") == "describe" && shown != stored(group) && entered != stored(group)
}

/// Both versions, when somebody else changed the group while the form was open.
pub(super) fn both_versions(group: &GroupRow, form: &Form) -> Markup {
    let (name, plan) = stored(group);
    let rows = [
        ("Name", name, form.text("name")),
        ("Product plan", plan, form.text("product_plan")),
    ];
    html! {
        (notice::alert_first(Kind::Warn, &html! {
            h2 { "Somebody else has changed this group" }
            p { "Your changes have not been saved. Compare the two versions, correct yours below, and save again to \
                 replace the current version." }
        }))
        div.scroll role="region" aria-label="Both versions" tabindex="0" {
            table.table.stacked {
                thead { tr { th scope="col" { "Field" } th scope="col" { "Current version" } th scope="col" { "Your version" } } }
                tbody {
                    @for (title, stored, entered) in rows {
                        tr {
                            th scope="row" { (title) }
                            td data-th="Current version" { bdi { (stored) } }
                            td data-th="Your version" { bdi { (entered) } }
                        }
                    }
                }
            }
        }
    }
}

fn stored(group: &GroupRow) -> (&str, &str) {
    (group.customer.name.as_str(), group.customer.product_plan.as_str())
}
