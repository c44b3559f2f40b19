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

/// The colours that are the brand's own. Everything else has its colour in the style sheets, because its contrast is checked
/// there.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    /// Links, buttons, focus, bars of charts: all are derived from it.
    pub brand: &'static str,
    /// What is derived from it, for browsers before 2024, which cannot.
    pub older_browsers: OlderBrowsers,
}

/// The accent where it is light, and where it is dark, as CSS writes them. Both are written on buttons' ground or under white.
#[derive(Clone, Copy, Debug)]
pub struct OlderBrowsers {
    /// Where the system asks for light pages.
    pub light: &'static str,
    /// Where the system asks for dark pages.
    pub dark: &'static str,
    /// The ground of buttons, under white.
    pub solid: &'static str,
}

/// The one brand.
pub const BRAND: Brand = Brand {
    product: "Gatebook",
    console: "Admin Console",
    portal: "Developer Portal",
    operations: "Operations",
    logo: None,
    colours: Colours {
        brand: "#24458f",
        older_browsers: OlderBrowsers {
            light: "#24458f",
            dark: "#a9c0f5",
            solid: "#24458f",
        },
    },
};

impl Colours {
    /// The custom properties that the style sheets use.
    pub fn css(&self) -> String {
        let Self { brand, older_browsers } = self;
        let OlderBrowsers { light, dark, solid } = older_browsers;
        format!(
            ":root {{ --brand: {brand}; }}\n@supports not (color: oklch(from red l c h)) {{\n  :root:root {{ --accent: light-dark({light}, \
             {dark}); --accent-hover: var(--accent); --accent-solid: {solid}; --accent-plot: var(--accent); }}\n}}\n"
        )
    }
}
