//! Maps that are kept as rows of a table of their own: one row for each key, so that a map of thousands of entries costs what
//! is changed of it.

use super::column::Column;

/// The table of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapTable {
    /// Its name.
    pub name: &'static str,
    /// Its columns: whose the map is, which is the key of the projection's row; the key in the map, as it stands between the
    /// quotes in JSON; the value, as JSON; and what is derived for queries. The first two are its key.
    pub columns: &'static [Column],
}

/// How many columns are the key of such a table.
pub const MAP_KEYS: usize = 2;

impl MapTable {
    /// A column by its place; there is none only while a declaration is not finished.
    fn column(&self, place: usize) -> &'static str {
        self.columns.get(place).map_or("", |column| column.name)
    }

    /// The columns that are its key.
    pub fn keys(&self) -> &'static [Column] {
        self.columns.get(..MAP_KEYS).unwrap_or_default()
    }

    /// A part of a `select`: the map of `owner` as one JSON object, its keys in order.
    pub fn json(&self, owner: &str) -> String {
        let table = self.name;
        let [whose, key, value] = [0, 1, 2].map(|place| self.column(place));
        format!(
            "(select '{{' || coalesce(string_agg('\"' || {table}.{key} || '\":' || {table}.{value}, ',' order by {table}.{key}), '') \
             || '}}' from {table} where {table}.{whose} = {owner})"
        )
    }
}

/// What a `select` of a row lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A column of its table.
    Column(Column),
    /// A map that has a table of its own.
    Map(MapTable),
}

#[cfg(test)]
mod tests {
    use super::super::column::text;
    use super::*;

    #[test]
    fn a_map_is_selected_as_one_object() {
        const ROOMS: MapTable = MapTable {
            name: "hotel_rooms",
            columns: &[text("hotel_id"), text("room_id"), text("details")],
        };
        assert_eq!(
            ROOMS.json("h.hotel_id"),
            "(select '{' || coalesce(string_agg('\"' || hotel_rooms.room_id || '\":' || hotel_rooms.details, ',' \
             order by hotel_rooms.room_id), '') || '}' from hotel_rooms where hotel_rooms.hotel_id = h.hotel_id)"
        );
    }
}
