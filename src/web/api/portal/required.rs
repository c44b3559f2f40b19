//! Required fields of a request.

use crate::web::error::{FieldError, Problem};

/// The values of required fields, or a problem that names all missing and blank ones together.
pub(super) fn required<const N: usize>(fields: [(&str, Option<String>); N]) -> Result<[String; N], Problem> {
    let missing: Vec<_> = fields
        .iter()
        .filter(|(_, value)| value.as_deref().unwrap_or_default().trim().is_empty())
        .map(|(field, _)| is_missing(field))
        .collect();
    if missing.is_empty() {
        Ok(fields.map(|(_, value)| value.unwrap_or_default()))
    } else {
        Err(Problem::fields(missing))
    }
}

fn is_missing(field: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        code: "required".to_owned(),
        message: format!("Fill in “{field}”."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_fields_are_named_together() {
        let problem = required([
            ("code", None),
            ("full_name", Some("Dev".into())),
            ("password", Some(" ".into())),
        ]);
        let problem = problem.unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (422, "required"));
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["code", "password"]);
    }

    #[test]
    fn values_come_back_as_they_were_sent() {
        let values = required([("email", Some(" a ".into())), ("password", Some("b".into()))]);
        assert_eq!(values.unwrap(), [" a ", "b"]);
    }
}
