//! A projection's row is declared once, by [`row!`](crate::row!). Its struct, the columns of its table, and how it is
//! written and read follow from that.

use crate::sql::{Column, RowError, RowReader, Value};

/// One row of a projection.
pub trait Row: Clone + PartialEq + Send + Sync + Sized + 'static {
    /// The columns. The first is the key, the stream's id; the last are `version` and `position`.
    const COLUMNS: &'static [Column];

    /// The values, in the order of the columns.
    fn values(&self) -> Vec<Value>;

    /// Reads the next values as a row.
    ///
    /// # Errors
    /// The first value that is not what its column holds.
    fn read(values: &mut RowReader) -> Result<Self, RowError>;
}

/// Declares a row: a struct, and the columns that its fields fill.
///
/// ```
/// # use gatebook_aggregates::email_address::EmailAddress;
/// # use gatebook_aggregates::group::ProductPlan;
/// # use gatebook_aggregates::text::Label;
/// # use gatebook_projections::row::Row;
/// # #[derive(Clone, Debug, PartialEq, Eq)]
/// # pub struct Contract { pub plan: ProductPlan, pub signed_by: Label }
/// gatebook_projections::row! {
///     /// A guest.
///     pub struct GuestRow {
///         guest_id: String,
///         // Computed from the fields whenever the row is written, for queries; nothing reads them back.
///         email: Option<EmailAddress> => { email_key: Option<String> = email.as_ref().map(EmailAddress::key) },
///         // A struct that several columns hold.
///         contract: Contract { plan: ProductPlan, signed_by: Label },
///         version: i64,
///         position: i64,
///     }
/// }
///
/// let names: Vec<_> = GuestRow::COLUMNS.iter().map(|column| column.name).collect();
/// assert_eq!(names, ["guest_id", "email", "email_key", "plan", "signed_by", "version", "position"]);
/// assert!(GuestRow::COLUMNS[2].is_nullable);
/// ```
///
/// A column has the name of its field. Its kind, and whether it may be null, follow from the field's type, a
/// [`ColumnValue`](crate::sql::ColumnValue).
#[macro_export]
macro_rules! row {
    (
        $(#[$of_row:meta])*
        pub struct $row:ident {
            $(
                $(#[$of_field:meta])*
                $field:ident: $type:ty $({ $($parts:tt)* })? $(=> { $($derived:tt)* })?
            ),* $(,)?
        }
    ) => {
        $(#[$of_row])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $row {
            $($(#[$of_field])* pub $field: $type,)*
        }

        impl $crate::row::Row for $row {
            const COLUMNS: &'static [$crate::sql::Column] = $crate::row!(@joined
                $($crate::row!(@columns $field: $type $({ $($parts)* })? $(=> { $($derived)* })?)),*
            );

            fn values(&self) -> Vec<$crate::sql::Value> {
                let mut values = Vec::with_capacity(Self::COLUMNS.len());
                let Self { $($field),* } = self;
                $($crate::row!(@write values, $field: $type $({ $($parts)* })? $(=> { $($derived)* })?);)*
                values
            }

            fn read(values: &mut $crate::sql::RowReader) -> Result<Self, $crate::sql::RowError> {
                Ok(Self {
                    $($field: $crate::row!(@read values, $field: $type $({ $($parts)* })? $(=> { $($derived)* })?),)*
                })
            }
        }
    };

    // A field in a column of its own, and what is derived from it.
    (@columns $field:ident: $type:ty $(=> { $($derived:ident: $of:ty = $value:expr),* $(,)? })?) => {
        &[
            $crate::sql::Column::of::<$type>(stringify!($field)),
            $($($crate::sql::Column::of::<$of>(stringify!($derived)),)*)?
        ]
    };
    (@write $values:ident, $field:ident: $type:ty $(=> { $($derived:ident: $of:ty = $value:expr),* $(,)? })?) => {
        $values.push($crate::sql::ColumnValue::to_value($field));
        $($($values.push(<$of as $crate::sql::ColumnValue>::to_value(&$value));)*)?
    };
    (@read $values:ident, $field:ident: $type:ty $(=> { $($derived:ident: $of:ty = $value:expr),* $(,)? })?) => {{
        let $field: $type = $values.value()?;
        $($(let _: $of = $values.value()?;)*)?
        $field
    }};

    // A field in several columns.
    (@columns $field:ident: $type:ty { $($part:ident: $of:ty $(=> { $($derived:tt)* })?),* $(,)? }) => {
        $crate::row!(@joined $($crate::row!(@columns $part: $of $(=> { $($derived)* })?)),*)
    };
    (@write $values:ident, $field:ident: $type:ty { $($part:ident: $of:ty $(=> { $($derived:tt)* })?),* $(,)? }) => {
        {
            type Parts = $type;
            let Parts { $($part),* } = $field;
            $($crate::row!(@write $values, $part: $of $(=> { $($derived)* })?);)*
        }
    };
    (@read $values:ident, $field:ident: $type:ty { $($part:ident: $of:ty $(=> { $($derived:tt)* })?),* $(,)? }) => {{
        type Parts = $type;
        Parts { $($part: $crate::row!(@read $values, $part: $of $(=> { $($derived)* })?),)* }
    }};

    (@joined $($columns:expr),*) => {{
        const PARTS: &[&[$crate::sql::Column]] = &[$($columns),*];
        &$crate::row::joined::<{ $crate::row::number_of(PARTS) }>(PARTS)
    }};
}

/// How many columns there are. For [`row!`](crate::row!), which joins them when it is compiled.
#[doc(hidden)]
pub const fn number_of(parts: &[&[Column]]) -> usize {
    let (mut number, mut part) = (0, 0);
    while part < parts.len() {
        number += parts[part].len();
        part += 1;
    }
    number
}

/// All columns, one after the other. For [`row!`](crate::row!).
#[doc(hidden)]
pub const fn joined<const N: usize>(parts: &[&[Column]]) -> [Column; N] {
    let mut columns = [Column::of::<String>(""); N];
    let (mut number, mut part) = (0, 0);
    while part < parts.len() {
        let mut column = 0;
        while column < parts[part].len() {
            columns[number] = parts[part][column];
            number += 1;
            column += 1;
        }
        part += 1;
    }
    columns
}
