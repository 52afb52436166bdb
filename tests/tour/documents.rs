//! Documents of the mono-repo, as short as a leg needs them. They are written as JSON, which is YAML.

use serde_json::{Value, json};

/// A document that is being written.
pub struct Document(Value);

/// An organisation.
pub fn organisation(name: &str) -> Document {
    Document(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": name, "annotations": {} },
        "spec": { "type": "organization", "children": [] },
    }))
}

/// A team in an organisation or in another team.
pub fn team(name: &str, parent: &str) -> Document {
    Document(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": name, "annotations": {} },
        "spec": { "type": "team", "parent": parent, "children": [] },
    }))
}

/// A person who is called so and is in these groups; the address follows from the name.
pub fn person(name: &str, called: &str, groups: &[&str]) -> Document {
    Document(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": name, "annotations": {} },
        "spec": {
            "profile": { "displayName": called, "email": format!("{name}@tour.example") }, "memberOf": groups,
        },
    }))
}

impl Document {
    /// With an annotation of ours.
    pub fn with(mut self, annotation: &str, value: &str) -> Self {
        self.0["metadata"]["annotations"][format!("formulary.dev/{annotation}")] = json!(value);
        self
    }

    /// With a display name.
    pub fn called(mut self, name: &str) -> Self {
        self.0["spec"]["profile"]["displayName"] = json!(name);
        self
    }

    /// With a description.
    pub fn about(mut self, text: &str) -> Self {
        self.0["metadata"]["description"] = json!(text);
        self
    }

    /// With an address.
    pub fn email(mut self, address: &str) -> Self {
        self.0["spec"]["profile"]["email"] = json!(address);
        self
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.0)
    }
}
