//! One call of the admin API of a realm: what its operations work with.

use super::request::Request;
use super::rights::Caller;
use super::world::Realm;

/// What an operation sees: the realm, who calls, what was sent, and when.
pub(super) struct Call<'a> {
    pub realm: &'a mut Realm,
    pub caller: Caller,
    pub request: &'a Request,
    /// Milliseconds.
    pub now: i64,
}

impl Call<'_> {
    /// The address of something in this realm, as `Location` tells it.
    pub fn place(&self, path: &str) -> String {
        let realm = percent_encoding::utf8_percent_encode(&self.realm.name, super::realms::PATH_SEGMENT);
        format!("{}/admin/realms/{realm}/{path}", self.request.origin())
    }
}
