//! A projection's row is declared once, by [`row!`](crate::row!). Its struct, the columns of its table, and how it is
//! written and read follow from that.

use crate::map_rows::{KeptMap, MapEntry, WhichEntries};
use crate::sql::{Column, MapTable, RowError, RowReader, Selected, Value, select_list};

/// One row of a projection.
pub trait Row: Clone + PartialEq + Send + Sync + Sized + 'static {
    /// What a `select` of the row lists, and [`read`](Self::read) reads: its columns, and its maps that have tables of their own.
    const SELECTED: &'static [Selected];
    /// The columns of its table. The first is the key, the stream's id; the last are `version` and `position`.
    const COLUMNS: &'static [Column];
    /// The tables of its maps.
    const MAPS: &'static [MapTable];

    /// The values, in the order of the columns.
    fn values(&self) -> Vec<Value>;

    /// Reads the next values as a row: those of all that is selected.
    ///
    /// # Errors
    /// The first value that is not what its column holds.
    fn read(values: &mut RowReader) -> Result<Self, RowError>;

    /// The maps that have tables of their own, in the order of the tables.
    fn maps(&mut self) -> Vec<&mut dyn KeptMap>;

    /// The entries of these maps. None if nobody has asked for changes.
    ///
    /// # Errors
    /// What would not be read back, in words.
    fn map_entries(&self, which: WhichEntries) -> Result<Option<Vec<Vec<MapEntry>>>, String>;

    /// The row as a `select` lists it. `table` is the name of its table there.
    fn select_list(table: &str) -> String {
        let owner = Self::COLUMNS.first().map_or("", |column| column.name);
        let selected = Self::SELECTED.iter().map(|selected| match selected {
            Selected::Column(column) => select_list(std::slice::from_ref(column), &format!("{table}.")),
            Selected::Map(map) => map.json(&format!("{table}.{owner}")),
        });
        selected.collect::<Vec<_>>().join(", ")
    }
}

/// A row as its tables hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// The values of its columns.
    pub values: Vec<Value>,
    /// The rows in the tables of its maps, by key.
    pub maps: Vec<Vec<Vec<Value>>>,
}

impl StoredRow {
    /// All that the tables hold of a row.
    pub fn of<R: Row>(row: &R) -> Self {
        Self {
            values: row.values(),
            maps: all_map_rows(row),
        }
    }
}

/// The rows of a row's maps, by key.
pub fn all_map_rows<R: Row>(row: &R) -> Vec<Vec<Vec<Value>>> {
    // Of all entries there always is an answer.
    let maps = row.map_entries(WhichEntries::All).ok().flatten().unwrap_or_default();
    maps.into_iter()
        .map(|entries| entries.into_iter().filter_map(|entry| entry.row).collect())
        .collect()
}

/// Declares a row: a struct, and the columns that its fields fill.
///
/// ```
/// # use gatebook_aggregates::email_address::EmailAddress;
/// # use gatebook_aggregates::group::ProductPlan;
/// # use gatebook_aggregates::identifiers::EntityId;
/// # use gatebook_aggregates::persistent_map::PersistentMap;
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
///         // A map that may grow: a table of its own, with a row for each key. The columns are the guest, the key, the value,
///         // and what is computed of an entry.
///         bags: PersistentMap<EntityId, Label> as rows of guest_bags (guest_id, bag_id, label) => {
///             label_key: String = label.as_str().to_lowercase()
///         },
///         version: i64,
///         position: i64,
///     }
/// }
///
/// let names: Vec<_> = GuestRow::COLUMNS.iter().map(|column| column.name).collect();
/// assert_eq!(names, ["guest_id", "email", "email_key", "plan", "signed_by", "version", "position"]);
/// assert!(GuestRow::COLUMNS[2].is_nullable);
/// assert_eq!((GuestRow::MAPS[0].name, GuestRow::MAPS[0].columns.len()), ("guest_bags", 4));
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
                $field:ident: $type:ty $(as rows of $table:ident ($($keys:tt)*))? $({ $($parts:tt)* })? $(=> { $($derived:tt)* })?
            ),* $(,)?
        }
    ) => {
        $(#[$of_row])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $row {
            $($(#[$of_field])* pub $field: $type,)*
        }

        impl $crate::row::Row for $row {
            const SELECTED: &'static [$crate::sql::Selected] = $crate::row!(@joined
                $($crate::row!(@selected $field: $type $(as rows of $table ($($keys)*))? $({ $($parts)* })? $(=> { $($derived)* })?)),*
            );
            const COLUMNS: &'static [$crate::sql::Column] =
                &$crate::row::columns::<{ $crate::row::number_of_columns(Self::SELECTED) }>(Self::SELECTED);
            const MAPS: &'static [$crate::sql::MapTable] = &$crate::row::maps::<
                { Self::SELECTED.len() - $crate::row::number_of_columns(Self::SELECTED) },
            >(Self::SELECTED);

            fn values(&self) -> Vec<$crate::sql::Value> {
                let mut values = Vec::with_capacity(Self::COLUMNS.len());
                let Self { $($field),* } = self;
                $($crate::row!(@write values, $field: $type $(as rows of $table ($($keys)*))? $({ $($parts)* })? $(=> { $($derived)* })?);)*
                values
            }

            fn read(values: &mut $crate::sql::RowReader) -> Result<Self, $crate::sql::RowError> {
                Ok(Self {
                    $($field: $crate::row!(@read values, $field: $type $(as rows of $table ($($keys)*))? $({ $($parts)* })? $(=> { $($derived)* })?),)*
                })
            }

            fn maps(&mut self) -> Vec<&mut dyn $crate::map_rows::KeptMap> {
                #[allow(unused_mut, reason = "few rows have maps")]
                let mut maps: Vec<&mut dyn $crate::map_rows::KeptMap> = Vec::new();
                #[allow(unused_variables, reason = "few fields are maps")]
                let Self { $($field),* } = self;
                $($crate::row!(@maps maps, $field: $type $(as rows of $table ($($keys)*))? $({ $($parts)* })? $(=> { $($derived)* })?);)*
                maps
            }

            fn map_entries(
                &self,
                which: $crate::map_rows::WhichEntries,
            ) -> Result<Option<Vec<Vec<$crate::map_rows::MapEntry>>>, String> {
                #[allow(unused_mut, reason = "few rows have maps")]
                let mut maps = Vec::with_capacity(Self::MAPS.len());
                #[allow(unused_variables, reason = "few rows have maps")]
                let (owner, which) = (self.values().into_iter().next(), which);
                #[allow(unused_variables, reason = "few fields are maps")]
                let Self { $($field),* } = self;
                $($crate::row!(@entries maps, owner, which, $field: $type $(as rows of $table ($($keys)*))? $({ $($parts)* })? $(=> { $($derived)* })?);)*
                Ok(Some(maps))
            }
        }
    };

    // A map in a table of its own.
    (@selected $field:ident: $type:ty as rows of $table:ident ($owner:ident, $key:ident, $value:ident)
        $(=> { $($derived:ident: $of:ty = $expression:expr),* $(,)? })?) => {
        &[$crate::sql::Selected::Map($crate::sql::MapTable {
            name: stringify!($table),
            columns: &[
                $crate::sql::text(stringify!($owner)),
                $crate::sql::text(stringify!($key)),
                $crate::sql::text(stringify!($value)),
                $($($crate::sql::Column::of::<$of>(stringify!($derived)),)*)?
            ],
        })]
    };
    (@write $values:ident, $field:ident: $type:ty as rows of $table:ident ($($keys:tt)*) $(=> { $($derived:tt)* })?) => {
        let _ = $field;
    };
    (@read $values:ident, $field:ident: $type:ty as rows of $table:ident ($($keys:tt)*) $(=> { $($derived:tt)* })?) => {
        $values.value::<$type>()?
    };
    (@maps $maps:ident, $field:ident: $type:ty as rows of $table:ident ($($keys:tt)*) $(=> { $($derived:tt)* })?) => {
        $maps.push($field);
    };
    (@entries $maps:ident, $whose:ident, $which:ident, $field:ident: $type:ty
        as rows of $table:ident ($owner:ident, $key:ident, $value:ident)
        $(=> { $($derived:ident: $of:ty = $expression:expr),* $(,)? })?) => {
        let row = |$key: &str, $value: &<$type as $crate::map_rows::MapTypes>::Value| {
            vec![
                $whose.clone().unwrap_or($crate::sql::Value::Null),
                $key.into(),
                $crate::sql::Value::json($value),
                $($(<$of as $crate::sql::ColumnValue>::to_value(&$expression),)*)?
            ]
        };
        match $crate::map_rows::entries($field, $which, row)? {
            Some(entries) => $maps.push(entries),
            None => return Ok(None),
        }
    };

    // A field in a column of its own, and what is derived from it.
    (@selected $field:ident: $type:ty $(=> { $($derived:ident: $of:ty = $value:expr),* $(,)? })?) => {
        &[
            $crate::sql::Selected::Column($crate::sql::Column::of::<$type>(stringify!($field))),
            $($($crate::sql::Selected::Column($crate::sql::Column::of::<$of>(stringify!($derived))),)*)?
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
    (@maps $maps:ident, $field:ident: $type:ty $(=> { $($derived:tt)* })?) => {};
    (@entries $maps:ident, $whose:ident, $which:ident, $field:ident: $type:ty $(=> { $($derived:tt)* })?) => {};

    // A field in several columns.
    (@selected $field:ident: $type:ty {
        $($part:ident: $of:ty $(as rows of $table:ident ($($keys:tt)*))? $(=> { $($derived:tt)* })?),* $(,)?
    }) => {
        $crate::row!(@joined
            $($crate::row!(@selected $part: $of $(as rows of $table ($($keys)*))? $(=> { $($derived)* })?)),*)
    };
    (@write $values:ident, $field:ident: $type:ty {
        $($part:ident: $of:ty $(as rows of $table:ident ($($keys:tt)*))? $(=> { $($derived:tt)* })?),* $(,)?
    }) => {
        {
            type Parts = $type;
            let Parts { $($part),* } = $field;
            $($crate::row!(@write $values, $part: $of $(as rows of $table ($($keys)*))? $(=> { $($derived)* })?);)*
        }
    };
    (@read $values:ident, $field:ident: $type:ty {
        $($part:ident: $of:ty $(as rows of $table:ident ($($keys:tt)*))? $(=> { $($derived:tt)* })?),* $(,)?
    }) => {{
        type Parts = $type;
        Parts {
            $($part: $crate::row!(@read $values, $part: $of $(as rows of $table ($($keys)*))? $(=> { $($derived)* })?),)*
        }
    }};
    (@maps $maps:ident, $field:ident: $type:ty {
        $($part:ident: $of:ty $(as rows of $table:ident ($($keys:tt)*))? $(=> { $($derived:tt)* })?),* $(,)?
    }) => {
        type Parts = $type;
        #[allow(unused_variables, reason = "few fields are maps")]
        let Parts { $($part),* } = $field;
        $($crate::row!(@maps $maps, $part: $of $(as rows of $table ($($keys)*))? $(=> { $($derived)* })?);)*
    };
    (@entries $maps:ident, $whose:ident, $which:ident, $field:ident: $type:ty {
        $($part:ident: $of:ty $(as rows of $table:ident ($($keys:tt)*))? $(=> { $($derived:tt)* })?),* $(,)?
    }) => {
        {
            type Parts = $type;
            #[allow(unused_variables, reason = "few fields are maps")]
            let Parts { $($part),* } = $field;
            $($crate::row!(@entries $maps, $whose, $which, $part: $of $(as rows of $table ($($keys)*))? $(=> { $($derived)* })?);)*
        }
    };

    (@joined $($selected:expr),*) => {{
        const PARTS: &[&[$crate::sql::Selected]] = &[$($selected),*];
        &$crate::row::joined::<{ $crate::row::number_of(PARTS) }>(PARTS)
    }};
}

/// How many there are. For [`row!`](crate::row!), which joins them when it is compiled.
#[doc(hidden)]
pub const fn number_of(parts: &[&[Selected]]) -> usize {
    let (mut number, mut part) = (0, 0);
    while part < parts.len() {
        number += parts[part].len();
        part += 1;
    }
    number
}

/// All of them, one after the other. For [`row!`](crate::row!).
#[doc(hidden)]
pub const fn joined<const N: usize>(parts: &[&[Selected]]) -> [Selected; N] {
    let mut selected = [Selected::Column(Column::of::<String>("")); N];
    let (mut number, mut part) = (0, 0);
    while part < parts.len() {
        let mut column = 0;
        while column < parts[part].len() {
            selected[number] = parts[part][column];
            number += 1;
            column += 1;
        }
        part += 1;
    }
    selected
}

/// How many of them are columns. For [`row!`](crate::row!).
#[doc(hidden)]
pub const fn number_of_columns(selected: &[Selected]) -> usize {
    let (mut number, mut place) = (0, 0);
    while place < selected.len() {
        if let Selected::Column(_) = selected[place] {
            number += 1;
        }
        place += 1;
    }
    number
}

/// The columns among them. For [`row!`](crate::row!).
#[doc(hidden)]
pub const fn columns<const N: usize>(selected: &[Selected]) -> [Column; N] {
    let mut columns = [Column::of::<String>(""); N];
    let (mut number, mut place) = (0, 0);
    while place < selected.len() {
        if let Selected::Column(column) = selected[place] {
            columns[number] = column;
            number += 1;
        }
        place += 1;
    }
    columns
}

/// The maps among them. For [`row!`](crate::row!).
#[doc(hidden)]
pub const fn maps<const N: usize>(selected: &[Selected]) -> [MapTable; N] {
    let none = MapTable { name: "", columns: &[] };
    let mut maps = [none; N];
    let (mut number, mut place) = (0, 0);
    while place < selected.len() {
        if let Selected::Map(map) = selected[place] {
            maps[number] = map;
            number += 1;
        }
        place += 1;
    }
    maps
}
