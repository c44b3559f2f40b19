//! The pages in a real browser, as people use them: by the words on the screen, two at once, at the width of a phone and
//! of a desk. What axe-core finds serious on any page that a story visits ends the story.

mod signing_in;
