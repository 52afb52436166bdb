//! The operations that the API description names and that are not imitated: known, so that they are told from paths that
//! are no routes.

use super::call::Call;
use super::reply::{Answer, not_modelled};
use super::routes::{Access, Route};
use super::world::World;

/// The rows of these operations. All answer 501, whoever calls.
pub(super) fn routes() -> impl Iterator<Item = Route> {
    OPERATIONS.lines().filter_map(|line| line.rsplit_once(' ')).flat_map(|(methods, path)| {
        let row = move |method| Route { method, path, access: Access::Anybody, operation: answer };
        methods.split(' ').map(row)
    })
}

fn answer(_: &mut World, _: &Call) -> Answer {
    Err(not_modelled())
}

/// Methods and path, one path a line.
const OPERATIONS: &str = "\
PUT /api/v4/access_control_policies
PUT /api/v4/access_control_policies/activate
GET /api/v4/access_control_policies/cel/autocomplete/fields
POST /api/v4/access_control_policies/cel/check
POST /api/v4/access_control_policies/cel/test
POST /api/v4/access_control_policies/cel/validate_requester
POST /api/v4/access_control_policies/cel/visual_ast
POST /api/v4/access_control_policies/search
GET DELETE /api/v4/access_control_policies/{policy_id}
GET /api/v4/access_control_policies/{policy_id}/activate
POST /api/v4/access_control_policies/{policy_id}/assign
GET /api/v4/access_control_policies/{policy_id}/resources/channels
POST /api/v4/access_control_policies/{policy_id}/resources/channels/search
DELETE /api/v4/access_control_policies/{policy_id}/unassign
POST /api/v4/actions/dialogs/lookup
POST /api/v4/actions/dialogs/open
POST /api/v4/actions/dialogs/submit
GET /api/v4/agents
GET /api/v4/agents/status
GET /api/v4/ai/agents
GET /api/v4/ai/services
GET /api/v4/analytics/old
POST DELETE /api/v4/audit_logs/certificate
GET /api/v4/audits
POST /api/v4/bleve/purge_indexes
GET POST DELETE /api/v4/bots/{bot_user_id}/icon
GET POST DELETE /api/v4/brand/image
POST /api/v4/channels/direct
POST /api/v4/channels/group
POST /api/v4/channels/group/search
POST /api/v4/channels/members/{user_id}/view
GET /api/v4/channels/{channel_id}/access_control/attributes
GET POST /api/v4/channels/{channel_id}/bookmarks
PATCH DELETE /api/v4/channels/{channel_id}/bookmarks/{bookmark_id}
POST /api/v4/channels/{channel_id}/bookmarks/{bookmark_id}/sort_order
GET /api/v4/channels/{channel_id}/common_teams
GET /api/v4/channels/{channel_id}/groups
GET /api/v4/channels/{channel_id}/member_counts_by_group
PUT /api/v4/channels/{channel_id}/members/{user_id}/autotranslation
PUT /api/v4/channels/{channel_id}/members/{user_id}/notify_props
GET /api/v4/channels/{channel_id}/members_minus_group_members
GET /api/v4/channels/{channel_id}/moderations
PUT /api/v4/channels/{channel_id}/moderations/patch
POST /api/v4/channels/{channel_id}/move
GET /api/v4/channels/{channel_id}/pinned
PUT /api/v4/channels/{channel_id}/scheme
GET /api/v4/channels/{channel_id}/timezones
POST /api/v4/client_perf
GET /api/v4/cloud/check-cws-connection
GET PUT /api/v4/cloud/customer
PUT /api/v4/cloud/customer/address
GET /api/v4/cloud/installation
GET /api/v4/cloud/limits
POST /api/v4/cloud/payment
POST /api/v4/cloud/payment/confirm
GET /api/v4/cloud/preview/modal_data
GET /api/v4/cloud/products
GET /api/v4/cloud/subscription
GET /api/v4/cloud/subscription/invoices
GET /api/v4/cloud/subscription/invoices/{invoice_id}/pdf
POST /api/v4/cloud/webhook
GET /api/v4/cluster/status
POST GET /api/v4/commands
POST /api/v4/commands/execute
GET PUT DELETE /api/v4/commands/{command_id}
PUT /api/v4/commands/{command_id}/move
PUT /api/v4/commands/{command_id}/regen_token
POST GET /api/v4/compliance/reports
GET /api/v4/compliance/reports/{report_id}
GET /api/v4/compliance/reports/{report_id}/download
PUT /api/v4/config
GET /api/v4/config/environment
POST /api/v4/config/reload
GET PUT /api/v4/content_flagging/config
GET /api/v4/content_flagging/fields
GET /api/v4/content_flagging/flag/config
GET /api/v4/content_flagging/post/{post_id}
POST /api/v4/content_flagging/post/{post_id}/assign/{content_reviewer_id}
GET /api/v4/content_flagging/post/{post_id}/field_values
POST /api/v4/content_flagging/post/{post_id}/flag
PUT /api/v4/content_flagging/post/{post_id}/keep
PUT /api/v4/content_flagging/post/{post_id}/remove
GET /api/v4/content_flagging/team/{team_id}/reviewers/search
GET /api/v4/content_flagging/team/{team_id}/status
GET POST /api/v4/custom_profile_attributes/fields
PATCH DELETE /api/v4/custom_profile_attributes/fields/{field_id}
GET /api/v4/custom_profile_attributes/group
PATCH /api/v4/custom_profile_attributes/values
GET POST /api/v4/data_retention/policies
GET PATCH DELETE /api/v4/data_retention/policies/{policy_id}
GET POST DELETE /api/v4/data_retention/policies/{policy_id}/channels
POST /api/v4/data_retention/policies/{policy_id}/channels/search
GET POST DELETE /api/v4/data_retention/policies/{policy_id}/teams
POST /api/v4/data_retention/policies/{policy_id}/teams/search
GET /api/v4/data_retention/policies_count
GET /api/v4/data_retention/policy
POST /api/v4/database/recycle
POST /api/v4/elasticsearch/purge_indexes
POST /api/v4/elasticsearch/test
POST /api/v4/email/test
POST GET /api/v4/emoji
GET /api/v4/emoji/autocomplete
GET /api/v4/emoji/name/{emoji_name}
POST /api/v4/emoji/names
POST /api/v4/emoji/search
GET DELETE /api/v4/emoji/{emoji_id}
GET /api/v4/emoji/{emoji_id}/image
GET /api/v4/exports
GET DELETE /api/v4/exports/{export_name}
POST /api/v4/file/s3_test
POST /api/v4/files
POST /api/v4/files/search
GET /api/v4/files/{file_id}
GET /api/v4/files/{file_id}/info
GET /api/v4/files/{file_id}/link
GET /api/v4/files/{file_id}/preview
GET /api/v4/files/{file_id}/thumbnail
POST /api/v4/groups
POST /api/v4/groups/names
GET DELETE /api/v4/groups/{group_id}
GET /api/v4/groups/{group_id}/channels
GET /api/v4/groups/{group_id}/channels/{channel_id}
POST DELETE /api/v4/groups/{group_id}/channels/{channel_id}/link
PUT /api/v4/groups/{group_id}/channels/{channel_id}/patch
GET DELETE POST /api/v4/groups/{group_id}/members
PUT /api/v4/groups/{group_id}/patch
POST /api/v4/groups/{group_id}/restore
GET /api/v4/groups/{group_id}/stats
GET /api/v4/groups/{group_id}/teams
GET /api/v4/groups/{group_id}/teams/{team_id}
POST DELETE /api/v4/groups/{group_id}/teams/{team_id}/link
PUT /api/v4/groups/{group_id}/teams/{team_id}/patch
GET /api/v4/image
GET /api/v4/imports
DELETE /api/v4/imports/{import_name}
POST /api/v4/integrity
GET POST /api/v4/ip_filtering
GET /api/v4/ip_filtering/my_ip
GET POST /api/v4/jobs
GET /api/v4/jobs/type/{type}
GET /api/v4/jobs/{job_id}
POST /api/v4/jobs/{job_id}/cancel
GET /api/v4/jobs/{job_id}/download
PATCH /api/v4/jobs/{job_id}/status
POST DELETE /api/v4/ldap/certificate/private
POST DELETE /api/v4/ldap/certificate/public
POST DELETE /api/v4/ldap/groups/{remote_id}/link
POST /api/v4/ldap/migrateid
POST /api/v4/ldap/sync
POST /api/v4/ldap/test
POST /api/v4/ldap/test_connection
POST /api/v4/ldap/test_diagnostics
POST /api/v4/ldap/users/{user_id}/group_sync_memberships
POST DELETE /api/v4/license
GET /api/v4/license/load_metric
GET /api/v4/license/renewal
GET /api/v4/llmservices
GET POST /api/v4/logs
GET /api/v4/logs/download
POST /api/v4/notifications/ack
POST /api/v4/notifications/test
POST GET /api/v4/oauth/apps
POST /api/v4/oauth/apps/register
GET PUT DELETE /api/v4/oauth/apps/{app_id}
GET /api/v4/oauth/apps/{app_id}/info
POST /api/v4/oauth/apps/{app_id}/regen_secret
GET POST /api/v4/oauth/outgoing_connections
POST /api/v4/oauth/outgoing_connections/validate
GET PUT DELETE /api/v4/oauth/outgoing_connections/{connection_id}
POST /api/v4/permissions/ancillary
POST GET /api/v4/plugins
POST /api/v4/plugins/install_from_url
POST GET /api/v4/plugins/marketplace
GET POST /api/v4/plugins/marketplace/first_admin_visit
GET /api/v4/plugins/statuses
GET /api/v4/plugins/webapp
DELETE /api/v4/plugins/{plugin_id}
POST /api/v4/plugins/{plugin_id}/disable
POST /api/v4/plugins/{plugin_id}/enable
POST /api/v4/posts/ephemeral
POST /api/v4/posts/ids
POST /api/v4/posts/ids/reactions
POST /api/v4/posts/rewrite
POST /api/v4/posts/schedule
PUT DELETE /api/v4/posts/schedule/{scheduled_post_id}
GET /api/v4/posts/scheduled/team/{team_id}
POST /api/v4/posts/{post_id}/actions/{action_id}
DELETE /api/v4/posts/{post_id}/burn
GET /api/v4/posts/{post_id}/files/info
POST /api/v4/posts/{post_id}/move
POST /api/v4/posts/{post_id}/pin
GET /api/v4/posts/{post_id}/reactions
POST /api/v4/posts/{post_id}/restore/{restore_version_id}
GET /api/v4/posts/{post_id}/reveal
GET /api/v4/posts/{post_id}/thread
POST /api/v4/posts/{post_id}/unpin
POST /api/v4/reactions
POST GET /api/v4/recaps
GET DELETE /api/v4/recaps/{recap_id}
POST /api/v4/recaps/{recap_id}/read
POST /api/v4/recaps/{recap_id}/regenerate
GET /api/v4/redirect_location
GET POST /api/v4/remotecluster
POST /api/v4/remotecluster/accept_invite
GET PATCH DELETE /api/v4/remotecluster/{remote_id}
POST /api/v4/remotecluster/{remote_id}/channels/{channel_id}/invite
POST /api/v4/remotecluster/{remote_id}/channels/{channel_id}/uninvite
POST /api/v4/remotecluster/{remote_id}/generate_invite
GET /api/v4/remotecluster/{remote_id}/sharedchannelremotes
POST /api/v4/reports/posts
POST /api/v4/reports/users/export
POST /api/v4/restart
GET /api/v4/roles
GET /api/v4/roles/name/{role_name}
POST /api/v4/roles/names
GET /api/v4/roles/{role_id}
PUT /api/v4/roles/{role_id}/patch
POST DELETE /api/v4/saml/certificate/idp
POST DELETE /api/v4/saml/certificate/private
POST DELETE /api/v4/saml/certificate/public
GET /api/v4/saml/certificate/status
GET /api/v4/saml/metadata
POST /api/v4/saml/metadatafromidp
POST /api/v4/saml/reset_auth_data
POST /api/v4/schemes
GET DELETE /api/v4/schemes/{scheme_id}
GET /api/v4/schemes/{scheme_id}/channels
PUT /api/v4/schemes/{scheme_id}/patch
GET /api/v4/schemes/{scheme_id}/teams
POST GET DELETE /api/v4/server_busy
GET /api/v4/sharedchannels/remote_info/{remote_id}
GET /api/v4/sharedchannels/users/{user_id}/can_dm/{other_user_id}
GET /api/v4/sharedchannels/{channel_id}/remotes
GET /api/v4/sharedchannels/{team_id}
POST /api/v4/site_url/test
PUT /api/v4/system/notices/view
GET /api/v4/system/notices/{teamId}
GET /api/v4/system/support_packet
GET /api/v4/system/timezones
GET /api/v4/teams/invite/{invite_id}
DELETE /api/v4/teams/invites/email
POST /api/v4/teams/members/invite
GET /api/v4/teams/{team_id}/channels/autocomplete
GET /api/v4/teams/{team_id}/channels/search_autocomplete
GET /api/v4/teams/{team_id}/commands/autocomplete
GET /api/v4/teams/{team_id}/commands/autocomplete_suggestions
POST /api/v4/teams/{team_id}/files/search
GET /api/v4/teams/{team_id}/groups
GET /api/v4/teams/{team_id}/groups_by_channels
GET POST DELETE /api/v4/teams/{team_id}/image
POST /api/v4/teams/{team_id}/import
POST /api/v4/teams/{team_id}/invite-guests/email
POST /api/v4/teams/{team_id}/invite/email
GET /api/v4/teams/{team_id}/members_minus_group_members
POST /api/v4/teams/{team_id}/posts/search
PUT /api/v4/teams/{team_id}/scheme
GET POST /api/v4/terms_of_service
POST /api/v4/trial-license
GET /api/v4/trial-license/prev
POST /api/v4/upgrade_to_enterprise
GET /api/v4/upgrade_to_enterprise/allowed
GET /api/v4/upgrade_to_enterprise/status
POST /api/v4/uploads
GET POST /api/v4/uploads/{upload_id}
GET /api/v4/usage/posts
GET /api/v4/usage/storage
DELETE /api/v4/users
POST /api/v4/users/email/verify
POST /api/v4/users/email/verify/send
POST /api/v4/users/group_channels
GET /api/v4/users/invalid_emails
GET /api/v4/users/known
POST /api/v4/users/login/cws
POST /api/v4/users/login/sso/code-exchange
POST /api/v4/users/login/switch
POST /api/v4/users/mfa
POST /api/v4/users/migrate_auth/ldap
POST /api/v4/users/migrate_auth/saml
POST /api/v4/users/password/reset
POST /api/v4/users/password/reset/send
PUT /api/v4/users/sessions/device
POST /api/v4/users/status/ids
GET /api/v4/users/{user_id}/audits
GET /api/v4/users/{user_id}/channels/{channel_id}/posts/unread
GET /api/v4/users/{user_id}/channels/{channel_id}/unread
GET PATCH /api/v4/users/{user_id}/custom_profile_attributes
GET /api/v4/users/{user_id}/data_retention/channel_policies
GET /api/v4/users/{user_id}/data_retention/team_policies
GET /api/v4/users/{user_id}/groups
GET POST DELETE /api/v4/users/{user_id}/image
GET /api/v4/users/{user_id}/image/default
PUT /api/v4/users/{user_id}/mfa
POST /api/v4/users/{user_id}/mfa/generate
GET /api/v4/users/{user_id}/oauth/apps/authorized
GET /api/v4/users/{user_id}/posts/flagged
POST DELETE /api/v4/users/{user_id}/posts/{post_id}/ack
DELETE /api/v4/users/{user_id}/posts/{post_id}/reactions/{emoji_name}
POST /api/v4/users/{user_id}/posts/{post_id}/reminder
POST /api/v4/users/{user_id}/posts/{post_id}/set_unread
GET PUT /api/v4/users/{user_id}/preferences
POST /api/v4/users/{user_id}/preferences/delete
GET /api/v4/users/{user_id}/preferences/{category}
GET /api/v4/users/{user_id}/preferences/{category}/name/{preference_name}
GET PUT /api/v4/users/{user_id}/status
PUT DELETE /api/v4/users/{user_id}/status/custom
DELETE /api/v4/users/{user_id}/status/custom/recent
POST /api/v4/users/{user_id}/status/custom/recent/delete
GET /api/v4/users/{user_id}/teams/unread
GET POST PUT /api/v4/users/{user_id}/teams/{team_id}/channels/categories
GET PUT /api/v4/users/{user_id}/teams/{team_id}/channels/categories/order
GET PUT DELETE /api/v4/users/{user_id}/teams/{team_id}/channels/categories/{category_id}
GET /api/v4/users/{user_id}/teams/{team_id}/threads
GET /api/v4/users/{user_id}/teams/{team_id}/threads/mention_counts
PUT /api/v4/users/{user_id}/teams/{team_id}/threads/read
GET /api/v4/users/{user_id}/teams/{team_id}/threads/{thread_id}
PUT DELETE /api/v4/users/{user_id}/teams/{team_id}/threads/{thread_id}/following
PUT /api/v4/users/{user_id}/teams/{team_id}/threads/{thread_id}/read/{timestamp}
POST /api/v4/users/{user_id}/teams/{team_id}/threads/{thread_id}/set_unread/{post_id}
GET /api/v4/users/{user_id}/teams/{team_id}/unread
POST GET /api/v4/users/{user_id}/terms_of_service
POST /api/v4/users/{user_id}/typing
GET /api/v4/users/{user_id}/uploads
";
