//! The addresses of a realm's admin API.

use super::answer::{Outcome, not_modelled, plain};
use super::call::Call;
use super::mappers::Owner;
use super::mappings::Holder;
use super::roles::Container;

/// Areas of the admin API that exist in the service and are not imitated. `*` stands for one segment.
const NOT_MODELLED: &[&str] = &[
    "authentication",
    "client-description-converter",
    "client-policies",
    "client-registration-policy",
    "client-session-stats",
    "client-templates",
    "client-types",
    "clients-initial-access",
    "components",
    "credential-registrators",
    "keys",
    "localization",
    "logout-all",
    "push-revocation",
    "testSMTPConnection",
    "users-management-permissions",
    "workflows",
];

impl Call<'_> {
    pub fn route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.realm(),
            ([], _) => Err(plain(405)),
            (["users", rest @ ..], _) => self.user_route(rest, method),
            (["groups", rest @ ..], _) => self.group_route(rest, method),
            (["group-by-path", _, ..], "GET") => {
                let request = self.request;
                self.group_by_path(&request.path[4..])
            }
            (["organizations", rest @ ..], _) => self.organization_route(rest, method),
            (["clients", rest @ ..], _) => self.client_route(rest, method),
            (["client-scopes", rest @ ..], _) => self.scope_route(rest, method),
            (["default-default-client-scopes"], "GET") => self.realm_scopes(false),
            (["default-optional-client-scopes"], "GET") => self.realm_scopes(true),
            (["default-default-client-scopes", id], "PUT" | "DELETE") => {
                self.set_realm_scope(false, id, method == "PUT")
            }
            (["default-optional-client-scopes", id], "PUT" | "DELETE") => {
                self.set_realm_scope(true, id, method == "PUT")
            }
            (["default-groups"], "GET") => self.default_groups(),
            (["default-groups", id], "PUT" | "DELETE") => self.set_default_group(id, method == "PUT"),
            (["roles", rest @ ..], _) => self.role_route(None, rest, method),
            (["roles-by-id", id], "GET") => self.role_by_id(id),
            (["events"], "GET") => self.events(),
            (["events"], "DELETE") => self.clear_events(),
            (["events", "config"], "GET") => self.events_config(),
            (["events", "config"], "PUT") => self.put_events_config(),
            (["admin-events"], "GET") => self.admin_events(),
            (["admin-events"], "DELETE") => self.clear_admin_events(),
            (["sessions", id], "DELETE") => self.remove_session(id),
            (["partialImport"], "POST") => self.partial_import(),
            (["partial-export"], "POST") => self.partial_export(),
            (["identity-provider", "instances"], "GET") => self.providers(),
            (["identity-provider", "instances"], "POST") => self.create_provider(),
            (["identity-provider", "instances", alias], "GET") => self.provider(alias),
            (["identity-provider", "instances", alias], "PUT") => self.put_provider(alias),
            (["identity-provider", "instances", alias], "DELETE") => self.delete_provider(alias),
            (["attack-detection", "brute-force", "users"], "DELETE") => self.clear_all_failures(),
            (["attack-detection", "brute-force", "users", id], "GET") => self.failures_of(id),
            (["attack-detection", "brute-force", "users", id], "DELETE") => self.clear_failures_of(id),
            (["authentication", "required-actions"], "GET") => self.required_actions(),
            (
                ["events" | "admin-events" | "partialImport" | "partial-export"]
                | ["events", "config"]
                | ["sessions", _],
                _,
            ) => Err(plain(405)),
            (["identity-provider", "instances", _, _, ..] | ["identity-provider", "providers", ..], _) => {
                Err(not_modelled())
            }
            ([area, ..], _) if NOT_MODELLED.contains(area) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn user_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => return self.users(),
            ([], "POST") => return self.create_user(),
            (["count"], "GET") => return self.count_users(),
            (["profile"], "GET") => return self.profile(),
            (["profile"], "PUT") => return self.put_profile(),
            ([] | ["count"] | ["profile"], _) => return Err(plain(405)),
            (["profile", "metadata"], "GET") => return Err(not_modelled()),
            _ => {}
        }
        let [id, rest @ ..] = path else {
            return Err(plain(404));
        };
        // The person is looked up before the rest of the address is.
        self.found_user(id)?;
        match (rest, method) {
            ([], "GET") => self.user(id),
            ([], "PUT") => self.put_user(id),
            ([], "DELETE") => self.delete_user(id),
            (["groups"], "GET") => self.groups_of(id),
            (["groups", "count"], "GET") => self.count_groups_of(id),
            (["groups", group], "PUT") => self.set_membership(id, group, true),
            (["groups", group], "DELETE") => self.set_membership(id, group, false),
            (["role-mappings", rest @ ..], _) => self.mapping_route(Holder::User(id), rest, method),
            (["federated-identity"], "GET") => self.identities(id),
            (["federated-identity", alias], "POST") => self.add_identity(id, alias),
            (["federated-identity", alias], "DELETE") => self.remove_identity(id, alias),
            (["unmanagedAttributes"], "GET") => self.unmanaged_attributes(id),
            (["reset-password"], "PUT") => self.reset_password(id),
            (["credentials"], "GET") => self.credentials(id),
            (["credentials", credential], "DELETE") => self.remove_credential(id, credential),
            (["logout"], "POST") => self.logout(id),
            (["sessions"], "GET") => self.sessions(id),
            (["execute-actions-email"], "PUT") => self.execute_actions_email(id),
            (["send-verify-email"], "PUT") => self.send_verify_email(id),
            (
                []
                | ["groups"]
                | ["groups", _]
                | ["federated-identity"]
                | [
                    "reset-password"
                    | "credentials"
                    | "logout"
                    | "sessions"
                    | "execute-actions-email"
                    | "send-verify-email",
                ],
                _,
            ) => Err(plain(405)),
            (
                ["consents" | "offline-sessions" | "configured-user-storage-credential-types" | "impersonation", ..]
                | ["credentials", _, ..]
                | ["disable-credential-types" | "reset-password-email"],
                _,
            ) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn group_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => return self.groups(),
            ([], "POST") => return self.create_group(),
            (["count"], "GET") => return self.count_groups(),
            ([] | ["count"], _) => return Err(plain(405)),
            _ => {}
        }
        let [id, rest @ ..] = path else {
            return Err(plain(404));
        };
        self.found_group(id)?;
        match (rest, method) {
            ([], "GET") => self.group(id),
            ([], "PUT") => self.put_group(id),
            ([], "DELETE") => self.delete_group(id),
            (["children"], "GET") => self.children(id),
            (["children"], "POST") => self.create_child(id),
            (["members"], "GET") => self.group_members(id),
            (["role-mappings", rest @ ..], _) => self.mapping_route(Holder::Group(id), rest, method),
            ([] | ["children" | "members"], _) => Err(plain(405)),
            (["management", ..], _) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn mapping_route(&mut self, holder: Holder<'_>, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.role_mappings(holder),
            ([], _) => Err(plain(405)),
            (["realm", rest @ ..], _) => self.container_route(holder, None, rest, method),
            (["clients", client, rest @ ..], _) => self.container_route(holder, Some(client), rest, method),
            _ => Err(plain(404)),
        }
    }

    fn container_route(&mut self, holder: Holder<'_>, of: Container<'_>, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.direct_roles(holder, of),
            ([], "POST") => self.map_roles(holder, of, true),
            ([], "DELETE") => self.map_roles(holder, of, false),
            (["available"], "GET") => self.available_roles(holder, of),
            (["composite"], "GET") => self.effective_roles(holder, of),
            ([] | ["available" | "composite"], _) => Err(plain(405)),
            _ => Err(plain(404)),
        }
    }

    fn role_route(&mut self, client: Container<'_>, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.roles(client),
            ([], "POST") => self.create_role(client),
            ([name], "GET") => self.role(client, name),
            ([name], "PUT") => self.put_role(client, name),
            ([name], "DELETE") => self.delete_role(client, name),
            ([name, "composites"], "GET") => self.role_composites(client, name, None),
            ([name, "composites"], "POST") => self.change_composites(client, name, true),
            ([name, "composites"], "DELETE") => self.change_composites(client, name, false),
            ([name, "composites", "realm"], "GET") => self.role_composites(client, name, Some(None)),
            ([name, "composites", "clients", of], "GET") => self.role_composites(client, name, Some(Some(of))),
            ([name, "users"], "GET") => self.role_users(client, name),
            ([name, "groups"], "GET") => self.role_groups(client, name),
            ([] | [_] | [_, "composites" | "users" | "groups"], _) => Err(plain(405)),
            ([_, "management", ..], _) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn client_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => return self.clients(),
            ([], "POST") => return self.create_client(),
            ([], _) => return Err(plain(405)),
            _ => {}
        }
        let [id, rest @ ..] = path else {
            return Err(plain(404));
        };
        self.found_client(id)?;
        match (rest, method) {
            ([], "GET") => self.client(id),
            ([], "PUT") => self.put_client(id),
            ([], "DELETE") => self.delete_client(id),
            (["client-secret"], "GET") => self.client_secret(id),
            (["client-secret"], "POST") => self.rotate_secret(id),
            (["client-secret", "rotated"], "GET") => self.rotated_secret(id),
            (["service-account-user"], "GET") => self.service_account_user(id),
            (["default-client-scopes"], "GET") => self.client_scopes(id, false),
            (["optional-client-scopes"], "GET") => self.client_scopes(id, true),
            (["default-client-scopes", scope], "PUT" | "DELETE") => {
                self.set_client_scope(id, scope, false, method == "PUT")
            }
            (["optional-client-scopes", scope], "PUT" | "DELETE") => {
                self.set_client_scope(id, scope, true, method == "PUT")
            }
            (["protocol-mappers", rest @ ..], _) => self.mapper_route(Owner::Client(id), rest, method),
            (["roles", rest @ ..], _) => self.role_route(Some(id), rest, method),
            (["scope-mappings", "realm"], _) => self.scope_role_route(id, None, method),
            (["scope-mappings", "clients", of], _) => self.scope_role_route(id, Some(of), method),
            (["evaluate-scopes", what], "GET") if what.starts_with("generate-example-") => self.example_token(id, what),
            (["authz", "resource-server"], "GET") => self.resource_server(id),
            (["authz", "resource-server", "policy", kind], "POST") => self.create_policy(id, kind),
            (["authz", "resource-server", "permission", "scope"], "POST") => self.create_permission(id),
            (["authz", "resource-server", "policy", policy], "DELETE")
            | (["authz", "resource-server", "permission", "scope", policy], "DELETE") => self.delete_policy(id, policy),
            (
                [] | ["client-secret" | "service-account-user" | "default-client-scopes" | "optional-client-scopes"],
                _,
            ) => Err(plain(405)),
            (
                ["authz" | "certificates" | "evaluate-scopes" | "installation" | "management" | "nodes", ..]
                | [
                    "offline-session-count"
                    | "offline-sessions"
                    | "session-count"
                    | "user-sessions"
                    | "push-revocation",
                    ..,
                ]
                | ["registration-access-token" | "test-nodes-available" | "scope-mappings" | "client-secret", ..],
                _,
            ) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn scope_role_route(&mut self, id: &str, of: Container<'_>, method: &str) -> Outcome {
        match method {
            "GET" => self.scope_roles(id, of),
            "POST" => self.change_scope_roles(id, of, true),
            "DELETE" => self.change_scope_roles(id, of, false),
            _ => Err(plain(405)),
        }
    }

    fn scope_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.scopes(),
            ([], "POST") => self.create_scope(),
            ([id], "GET") => self.scope(id),
            ([id], "PUT") => self.put_scope(id),
            ([id], "DELETE") => self.delete_scope(id),
            ([id, "protocol-mappers", rest @ ..], _) => self.mapper_route(Owner::Scope(id), rest, method),
            ([] | [_], _) => Err(plain(405)),
            ([_, "scope-mappings", ..], _) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn mapper_route(&mut self, owner: Owner<'_>, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            (["models"], "GET") => self.mappers(owner),
            (["models"], "POST") => self.create_mapper(owner),
            (["add-models"], "POST") => self.add_mappers(owner),
            (["models", id], "GET") => self.mapper(owner, id),
            (["models", id], "PUT") => self.put_mapper(owner, id),
            (["models", id], "DELETE") => self.delete_mapper(owner, id),
            (["models"] | ["add-models"] | ["models", _], _) => Err(plain(405)),
            (["protocol", _], "GET") => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    fn organization_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => return self.organizations(),
            ([], "POST") => return self.create_organization(),
            (["count"], "GET") => return self.count_organizations(),
            (["members", user, "organizations"], "GET") => return self.organizations_of(user),
            ([] | ["count"], _) => return Err(plain(405)),
            _ => {}
        }
        let [id, rest @ ..] = path else {
            return Err(plain(404));
        };
        self.visible_organization(id)?;
        match (rest, method) {
            ([], "GET") => self.organization(id),
            ([], "PUT") => self.put_organization(id),
            ([], "DELETE") => self.delete_organization(id),
            (["members"], "GET") => self.members(id),
            (["members"], "POST") => self.create_member(id),
            (["members", "count"], "GET") => self.count_members(id),
            (["members", "invite-user"], "POST") => self.invite(id),
            (["members", "invite-existing-user"], "POST") => self.invite_existing(id),
            (["members", user], "GET") => self.member(id, user),
            (["members", user], "DELETE") => self.delete_member(id, user),
            (["members", user, "organizations"], "GET") => self.organizations_of(user),
            (["invitations"], "GET") => self.invitations(id),
            (["invitations", invitation], "GET") => self.invitation(id, invitation),
            (["invitations", invitation], "DELETE") => self.delete_invitation(id, invitation),
            (["invitations", invitation, "resend"], "POST") => self.resend_invitation(id, invitation),
            (["identity-providers"], "GET") => self.organization_providers(id),
            (["identity-providers"], "POST") => self.link_provider(id),
            (["identity-providers", alias], "DELETE") => self.unlink_provider(id, alias),
            (["groups"], "GET") => self.organization_groups(id),
            (["groups"], "POST") => self.create_organization_group(id, None),
            (["groups", group], "GET") => self.show_organization_group(id, group),
            (["groups", group], "DELETE") => self.delete_organization_group(id, group),
            (["groups", group, "children"], "GET") => self.organization_group_children(id, group),
            (["groups", group, "children"], "POST") => self.create_organization_group(id, Some(group)),
            (["groups", group, "members"], "GET") => self.organization_group_members(id, group),
            (["groups", group, "members", user], "PUT") => self.set_organization_group_member(id, group, user, true),
            (["groups", group, "members", user], "DELETE") => {
                self.set_organization_group_member(id, group, user, false)
            }
            // Release 26.8 brings this; before, the address exists for reading only.
            (["members", _, "membership-type"], _) => Err(plain(405)),
            ([] | ["members" | "invitations" | "groups" | "identity-providers"] | ["members", _], _) => Err(plain(405)),
            (["groups" | "identity-providers" | "members", ..], _) => Err(not_modelled()),
            _ => Err(plain(404)),
        }
    }

    pub fn webhook_route(&mut self, path: &[&str], method: &str) -> Outcome {
        match (path, method) {
            ([], "GET") => self.webhooks(),
            ([], "POST") => self.create_webhook(),
            ([id], "GET") => self.webhook(id),
            ([id], "PUT") => self.put_webhook(id),
            ([id], "DELETE") => self.delete_webhook(id),
            ([id, "secret"], "GET") => self.webhook_secret(id),
            ([] | [_], _) => Err(plain(405)),
            _ => Err(plain(404)),
        }
    }
}
