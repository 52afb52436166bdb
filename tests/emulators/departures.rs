//! Where a service's own API description is known to be wrong or thin, each with its reason.
//!
//! The recordings of real servers win over the descriptions. An entry that no answer departs by is stale and fails the
//! test.

/// A place at which answers depart from the description of a service.
pub struct Departure {
    pub service: &'static str,
    /// As the check names it: `Schema.field`, `METHOD /path`, or `METHOD /path: status`.
    pub place: &'static str,
    pub reason: &'static str,
}

/// The known departures, by service.
pub const DEPARTURES: &[Departure] = &[
    Departure {
        service: "coder",
        place: "serpent.URL",
        reason: "the server writes an address as text (coder/licence · 39, whose body the recording cut)",
    },
    Departure {
        service: "gitea",
        place: "CommitStatus.status",
        reason: "the server keeps any word as a state (gitea/statuses · 19, whose body the recording cut)",
    },
    Departure {
        service: "github",
        place: "validation-error.status",
        reason: "every refusal has carried its status, as text, since 2024 (guide, section 1); the description lacks it here",
    },
    Departure { service: "kubernetes", place: "io.k8s.api.core.v1.ConfigMapList.object", reason: WATCHED },
    Departure { service: "kubernetes", place: "io.k8s.api.core.v1.ConfigMapList.type", reason: WATCHED },
    Departure { service: "mattermost", place: "Channel.team_display_name", reason: SEARCHED },
    Departure { service: "mattermost", place: "Channel.team_update_at", reason: SEARCHED },
    Departure {
        service: "mattermost",
        place: "Config.ServiceSettings.ExperimentalEnableDefaultChannelLeaveJoinMessages",
        reason: "a setting that the description does not list",
    },
    Departure {
        service: "mattermost",
        place: "PostList.first_inaccessible_post_time",
        reason: "the server says from when on the licence hides posts, 0 where it hides none",
    },
    Departure { service: "mattermost", place: "Session.expired_notify", reason: SHOWN_BY_THE_SERVER },
    Departure { service: "mattermost", place: "Session.local", reason: SHOWN_BY_THE_SERVER },
    Departure { service: "mattermost", place: "UserReport.notify_props", reason: SHOWN_BY_THE_SERVER },
    Departure { service: "mattermost", place: "UserReport.remote_id", reason: SHOWN_BY_THE_SERVER },
    Departure {
        service: "twenty",
        place: "CompanyForResponse.formularyKey",
        reason: "a field that the workspace added; the description is that of a new one",
    },
];

const SEARCHED: &str = "channels that are searched for by the page carry their team (mattermost/channel-lists · 40, cut to \
    'team_name'); the description has plain ones";
const WATCHED: &str = "a watch answers with events, which the description does not tell from a list";
const SHOWN_BY_THE_SERVER: &str = "release 11.6.0 sends the field, as was seen running; the description lacks it";
