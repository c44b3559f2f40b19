//! What people know the product by, on pages and in e-mails.

/// Names, logo and colours.
#[derive(Clone, Copy, Debug)]
pub struct Brand {
    /// The product itself.
    pub product: &'static str,
    /// Where admins of groups are.
    pub console: &'static str,
    /// Where developers are.
    pub portal: &'static str,
    /// Where operators are.
    pub operations: &'static str,
    /// The address of a picture that stands before the name on each page; none for the name alone.
    pub logo: Option<&'static str>,
    /// The colours of pages.
    pub colours: Colours,
}

/// A colour where it is light, and where it is dark, as CSS writes them.
#[derive(Clone, Copy, Debug)]
pub struct Colour {
    /// Where the system asks for light pages.
    pub light: &'static str,
    /// Where the system asks for dark pages.
    pub dark: &'static str,
}

/// The colours that are the brand's own. Text, lines and warnings have their colours in the stylesheet, because their
/// contrast is checked there.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    /// Links, buttons, focus.
    pub accent: Colour,
    /// What is written on the accent.
    pub on_accent: Colour,
}

/// The one brand.
pub const BRAND: Brand = Brand {
    product: "Gatebook",
    console: "Admin Console",
    portal: "Developer Portal",
    operations: "Gatebook operations",
    logo: None,
    colours: Colours {
        accent: Colour {
            light: "#0b5cad",
            dark: "#7db7f5",
        },
        on_accent: Colour {
            light: "#ffffff",
            dark: "#0c1420",
        },
    },
};

impl Colours {
    /// The custom properties that stylesheets use.
    pub fn css(&self) -> String {
        let Self { accent, on_accent } = self;
        format!(
            ":root {{ --accent: light-dark({}, {}); --on-accent: light-dark({}, {}); }}\n",
            accent.light, accent.dark, on_accent.light, on_accent.dark
        )
    }
}
