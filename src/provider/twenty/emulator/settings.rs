//! What an installation begins with.

/// How the imitated workspace differs from a stock one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many calls pass in a minute, all keys together; `None` for a server without the limit.
    pub calls_per_minute: Option<u32>,
    /// Text fields that an administrator has added: singular of the object, name, whether it is unique.
    pub text_fields: Vec<(String, String, bool)>,
    /// Stock fields that this workspace lacks, as older releases do: singular of the object, name.
    pub missing_fields: Vec<(String, String)>,
    /// The options of an opportunity's stage; the first one is the default.
    pub stages: Vec<String>,
    /// People who are there already, as REST takes them, made at one moment.
    pub people: Vec<serde_json::Value>,
}

impl Default for Settings {
    /// A stock workspace of release 2.19 with the limit that it ships with.
    fn default() -> Self {
        Settings {
            calls_per_minute: Some(100),
            text_fields: Vec::new(),
            missing_fields: Vec::new(),
            stages: ["NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER"].map(str::to_owned).to_vec(),
            people: Vec::new(),
        }
    }
}

impl Settings {
    /// The same workspace without a limit of calls.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.calls_per_minute = None;
        self
    }

    /// Adds a text field to an object (by its singular name).
    #[must_use]
    pub fn with_text_field(mut self, object: &str, name: &str, is_unique: bool) -> Self {
        self.text_fields.push((object.to_owned(), name.to_owned(), is_unique));
        self
    }
}
