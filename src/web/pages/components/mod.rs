//! What pages are made of, each once: functions that take words and give markup with the classes of the style sheet. They know
//! no page, no session and no database. `docs/architecture.md`, “How to add a page”, says when to use which.

pub mod figures;
pub mod head;
pub mod icons;
pub mod menu;
pub mod notice;
pub mod status;
pub mod tabs;
