//! What a new realm starts with: settings, profile, client scopes and the mappers in them.

use serde_json::Value;

use super::world::Object;

/// The settings of a new realm as 26.7.3 shows them, without ids and names.
pub(super) fn settings() -> Object {
    serde_json::from_str(SETTINGS).expect("the text is an object")
}

/// The user profile of a new realm.
pub(super) fn profile() -> Value {
    serde_json::from_str(PROFILE).expect("the text is JSON")
}

const SETTINGS: &str = r#"{
  "notBefore": 0,
  "defaultSignatureAlgorithm": "RS256",
  "revokeRefreshToken": false,
  "refreshTokenMaxReuse": 0,
  "accessTokenLifespan": 300,
  "accessTokenLifespanForImplicitFlow": 900,
  "ssoSessionIdleTimeout": 1800,
  "ssoSessionMaxLifespan": 36000,
  "ssoSessionIdleTimeoutRememberMe": 0,
  "ssoSessionMaxLifespanRememberMe": 0,
  "offlineSessionIdleTimeout": 2592000,
  "offlineSessionMaxLifespanEnabled": false,
  "offlineSessionMaxLifespan": 5184000,
  "clientSessionIdleTimeout": 0,
  "clientSessionMaxLifespan": 0,
  "clientOfflineSessionIdleTimeout": 0,
  "clientOfflineSessionMaxLifespan": 0,
  "accessCodeLifespan": 60,
  "accessCodeLifespanUserAction": 300,
  "accessCodeLifespanLogin": 1800,
  "actionTokenGeneratedByAdminLifespan": 43200,
  "actionTokenGeneratedByUserLifespan": 300,
  "oauth2DeviceCodeLifespan": 600,
  "oauth2DevicePollingInterval": 5,
  "enabled": true,
  "sslRequired": "external",
  "registrationAllowed": false,
  "registrationEmailAsUsername": false,
  "rememberMe": false,
  "verifyEmail": false,
  "loginWithEmailAllowed": true,
  "duplicateEmailsAllowed": false,
  "resetPasswordAllowed": false,
  "editUsernameAllowed": false,
  "bruteForceProtected": false,
  "permanentLockout": false,
  "maxTemporaryLockouts": 0,
  "bruteForceStrategy": "MULTIPLE",
  "maxFailureWaitSeconds": 900,
  "minimumQuickLoginWaitSeconds": 60,
  "waitIncrementSeconds": 60,
  "quickLoginCheckMilliSeconds": 1000,
  "maxDeltaTimeSeconds": 43200,
  "failureFactor": 30,
  "maxSecondaryAuthFailures": 0,
  "requiredCredentials": ["password"],
  "otpPolicyType": "totp",
  "otpPolicyAlgorithm": "HmacSHA1",
  "otpPolicyInitialCounter": 0,
  "otpPolicyDigits": 6,
  "otpPolicyLookAheadWindow": 1,
  "otpPolicyPeriod": 30,
  "otpPolicyCodeReusable": false,
  "otpSupportedApplications": ["totpAppFreeOTPName", "totpAppGoogleName", "totpAppMicrosoftAuthenticatorName"],
  "webAuthnPolicyRpEntityName": "keycloak",
  "webAuthnPolicySignatureAlgorithms": ["ES256", "RS256"],
  "webAuthnPolicyRpId": "",
  "webAuthnPolicyAttestationConveyancePreference": "not specified",
  "webAuthnPolicyAuthenticatorAttachment": "not specified",
  "webAuthnPolicyRequireResidentKey": "not specified",
  "webAuthnPolicyResidentKey": "not specified",
  "webAuthnPolicyUserVerificationRequirement": "not specified",
  "webAuthnPolicyCreateTimeout": 0,
  "webAuthnPolicyAvoidSameAuthenticatorRegister": false,
  "webAuthnPolicyAcceptableAaguids": [],
  "webAuthnPolicyExtraOrigins": [],
  "webAuthnPolicyPasswordlessRpEntityName": "keycloak",
  "webAuthnPolicyPasswordlessSignatureAlgorithms": ["ES256", "RS256"],
  "webAuthnPolicyPasswordlessRpId": "",
  "webAuthnPolicyPasswordlessAttestationConveyancePreference": "not specified",
  "webAuthnPolicyPasswordlessAuthenticatorAttachment": "not specified",
  "webAuthnPolicyPasswordlessRequireResidentKey": "not specified",
  "webAuthnPolicyPasswordlessResidentKey": "required",
  "webAuthnPolicyPasswordlessUserVerificationRequirement": "required",
  "webAuthnPolicyPasswordlessCreateTimeout": 0,
  "webAuthnPolicyPasswordlessAvoidSameAuthenticatorRegister": false,
  "webAuthnPolicyPasswordlessAcceptableAaguids": [],
  "webAuthnPolicyPasswordlessExtraOrigins": [],
  "browserSecurityHeaders": {"contentSecurityPolicyReportOnly": "", "xContentTypeOptions": "nosniff", "referrerPolicy": "no-referrer", "xRobotsTag": "none", "xFrameOptions": "SAMEORIGIN", "contentSecurityPolicy": "frame-src 'self'; frame-ancestors 'self'; object-src 'none';", "strictTransportSecurity": "max-age=31536000; includeSubDomains"},
  "smtpServer": {},
  "eventsEnabled": false,
  "eventsListeners": ["jboss-logging"],
  "enabledEventTypes": [],
  "adminEventsEnabled": false,
  "adminEventsDetailsEnabled": false,
  "internationalizationEnabled": false,
  "browserFlow": "browser",
  "registrationFlow": "registration",
  "directGrantFlow": "direct grant",
  "resetCredentialsFlow": "reset credentials",
  "clientAuthenticationFlow": "clients",
  "dockerAuthenticationFlow": "docker auth",
  "firstBrokerLoginFlow": "first broker login",
  "attributes": {"cibaBackchannelTokenDeliveryMode": "poll", "cibaExpiresIn": "120", "cibaAuthRequestedUserHint": "login_hint", "oauth2DeviceCodeLifespan": "600", "oauth2DevicePollingInterval": "5", "parRequestUriLifespan": "60", "cibaInterval": "5", "realmReusableOtpCode": "false"},
  "userManagedAccessAllowed": false,
  "organizationsEnabled": false,
  "verifiableCredentialsEnabled": false,
  "adminPermissionsEnabled": false,
  "scimApiEnabled": false,
  "clientProfiles": {"profiles": []},
  "clientPolicies": {"policies": []}
}"#;

const PROFILE: &str = r#"{"attributes": [
  {"name": "username", "displayName": "${username}", "validations": {"length": {"min": 3, "max": 255}, "username-prohibited-characters": {}, "up-username-not-idn-homograph": {}}, "permissions": {"view": ["admin", "user"], "edit": ["admin", "user"]}, "multivalued": false},
  {"name": "email", "displayName": "${email}", "validations": {"email": {}, "length": {"max": 255}}, "required": {"roles": ["user"]}, "permissions": {"view": ["admin", "user"], "edit": ["admin", "user"]}, "multivalued": false},
  {"name": "firstName", "displayName": "${firstName}", "validations": {"length": {"max": 255}, "person-name-prohibited-characters": {}}, "required": {"roles": ["user"]}, "permissions": {"view": ["admin", "user"], "edit": ["admin", "user"]}, "multivalued": false},
  {"name": "lastName", "displayName": "${lastName}", "validations": {"length": {"max": 255}, "person-name-prohibited-characters": {}}, "required": {"roles": ["user"]}, "permissions": {"view": ["admin", "user"], "edit": ["admin", "user"]}, "multivalued": false}
], "groups": [
  {"name": "user-metadata", "displayHeader": "User metadata", "displayDescription": "Attributes, which refer to user metadata"}
]}"#;

/// The required actions of a new realm: alias, name, enabled, priority.
pub(super) const REQUIRED_ACTIONS: &[(&str, &str, bool, i64)] = &[
    ("TERMS_AND_CONDITIONS", "Terms and Conditions", false, 20),
    ("UPDATE_PROFILE", "Update Profile", true, 40),
    ("VERIFY_EMAIL", "Verify Email", true, 50),
    ("CONFIGURE_TOTP", "Configure OTP", true, 54),
    ("UPDATE_PASSWORD", "Update Password", true, 57),
    ("delete_account", "Delete Account", false, 60),
    ("UPDATE_EMAIL", "Update Email", false, 70),
    ("webauthn-register", "Webauthn Register", true, 80),
    ("webauthn-register-passwordless", "Webauthn Register Passwordless", true, 90),
    ("VERIFY_PROFILE", "Verify Profile", true, 100),
    ("delete_credential", "Delete Credential", true, 110),
    ("idp_link", "Linking Identity Provider", true, 120),
    ("CONFIGURE_RECOVERY_AUTHN_CODES", "Recovery Authentication Codes", true, 130),
    ("update_user_locale", "Update User Locale", true, 1000),
];

/// A client scope that comes with a realm.
pub(super) struct BuiltInScope {
    pub name: &'static str,
    pub protocol: &'static str,
    /// Whether tokens name it.
    pub in_token: bool,
    pub role: BuiltInRole,
    /// Name, kind and the settings that differ from the usual of each mapper.
    pub mappers: &'static [BuiltInMapper],
}

/// Name, kind, and settings of a mapper.
pub(super) type BuiltInMapper = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What new clients make of a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltInRole {
    Default,
    Optional,
    /// Neither: it is given to clients with a service account.
    Service,
}

use BuiltInRole::{Default, Optional, Service};

const OIDC: &str = "openid-connect";
const ATTRIBUTE: &str = "oidc-usermodel-attribute-mapper";

/// The client scopes of a new realm.
pub(super) const SCOPES: &[BuiltInScope] = &[
    BuiltInScope {
        name: "web-origins",
        protocol: OIDC,
        in_token: false,
        role: Default,
        mappers: &[("allowed web origins", "oidc-allowed-origins-mapper", &[("access.token.claim", "true")])],
    },
    BuiltInScope {
        name: "acr",
        protocol: OIDC,
        in_token: false,
        role: Default,
        mappers: &[("acr loa level", "oidc-acr-mapper", &[("id.token.claim", "true"), ("access.token.claim", "true")])],
    },
    BuiltInScope {
        name: "profile",
        protocol: OIDC,
        in_token: true,
        role: Default,
        mappers: &[
            (
                "full name",
                "oidc-full-name-mapper",
                &[("id.token.claim", "true"), ("access.token.claim", "true"), ("userinfo.token.claim", "true")],
            ),
            ("username", ATTRIBUTE, &[("user.attribute", "username"), ("claim.name", "preferred_username")]),
            ("given name", ATTRIBUTE, &[("user.attribute", "firstName"), ("claim.name", "given_name")]),
            ("family name", ATTRIBUTE, &[("user.attribute", "lastName"), ("claim.name", "family_name")]),
            ("middle name", ATTRIBUTE, &[("user.attribute", "middleName"), ("claim.name", "middle_name")]),
            ("nickname", ATTRIBUTE, &[("user.attribute", "nickname"), ("claim.name", "nickname")]),
            ("profile", ATTRIBUTE, &[("user.attribute", "profile"), ("claim.name", "profile")]),
            ("picture", ATTRIBUTE, &[("user.attribute", "picture"), ("claim.name", "picture")]),
            ("website", ATTRIBUTE, &[("user.attribute", "website"), ("claim.name", "website")]),
            ("gender", ATTRIBUTE, &[("user.attribute", "gender"), ("claim.name", "gender")]),
            ("birthdate", ATTRIBUTE, &[("user.attribute", "birthdate"), ("claim.name", "birthdate")]),
            ("zoneinfo", ATTRIBUTE, &[("user.attribute", "zoneinfo"), ("claim.name", "zoneinfo")]),
            ("locale", ATTRIBUTE, &[("user.attribute", "locale"), ("claim.name", "locale")]),
            (
                "updated at",
                ATTRIBUTE,
                &[("user.attribute", "updatedAt"), ("claim.name", "updated_at"), ("jsonType.label", "long")],
            ),
        ],
    },
    BuiltInScope {
        name: "roles",
        protocol: OIDC,
        in_token: false,
        role: Default,
        mappers: &[
            (
                "realm roles",
                "oidc-usermodel-realm-role-mapper",
                &[("claim.name", "realm_access.roles"), ("access.token.claim", "true"), ("multivalued", "true")],
            ),
            (
                "client roles",
                "oidc-usermodel-client-role-mapper",
                &[
                    ("claim.name", "resource_access.${client_id}.roles"),
                    ("access.token.claim", "true"),
                    ("multivalued", "true"),
                ],
            ),
            ("audience resolve", "oidc-audience-resolve-mapper", &[("access.token.claim", "true")]),
        ],
    },
    BuiltInScope {
        name: "basic",
        protocol: OIDC,
        in_token: false,
        role: Default,
        mappers: &[
            ("sub", "oidc-sub-mapper", &[("access.token.claim", "true")]),
            (
                "auth_time",
                "oidc-usersessionmodel-note-mapper",
                &[
                    ("user.session.note", "AUTH_TIME"),
                    ("claim.name", "auth_time"),
                    ("jsonType.label", "long"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                ],
            ),
        ],
    },
    BuiltInScope {
        name: "email",
        protocol: OIDC,
        in_token: true,
        role: Default,
        mappers: &[
            ("email", ATTRIBUTE, &[("user.attribute", "email"), ("claim.name", "email")]),
            (
                "email verified",
                "oidc-usermodel-property-mapper",
                &[
                    ("user.attribute", "emailVerified"),
                    ("claim.name", "email_verified"),
                    ("jsonType.label", "boolean"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                    ("userinfo.token.claim", "true"),
                ],
            ),
        ],
    },
    BuiltInScope {
        name: "service_account",
        protocol: OIDC,
        in_token: false,
        role: Service,
        mappers: &[
            (
                "Client ID",
                "oidc-usersessionmodel-note-mapper",
                &[
                    ("user.session.note", "client_id"),
                    ("claim.name", "client_id"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                ],
            ),
            (
                "Client Host",
                "oidc-usersessionmodel-note-mapper",
                &[
                    ("user.session.note", "clientHost"),
                    ("claim.name", "clientHost"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                ],
            ),
            (
                "Client IP Address",
                "oidc-usersessionmodel-note-mapper",
                &[
                    ("user.session.note", "clientAddress"),
                    ("claim.name", "clientAddress"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                ],
            ),
        ],
    },
    BuiltInScope {
        name: "address",
        protocol: OIDC,
        in_token: true,
        role: Optional,
        mappers: &[("address", "oidc-address-mapper", &[])],
    },
    BuiltInScope {
        name: "phone",
        protocol: OIDC,
        in_token: true,
        role: Optional,
        mappers: &[
            ("phone number", ATTRIBUTE, &[("user.attribute", "phoneNumber"), ("claim.name", "phone_number")]),
            (
                "phone number verified",
                ATTRIBUTE,
                &[
                    ("user.attribute", "phoneNumberVerified"),
                    ("claim.name", "phone_number_verified"),
                    ("jsonType.label", "boolean"),
                ],
            ),
        ],
    },
    BuiltInScope { name: "offline_access", protocol: OIDC, in_token: true, role: Optional, mappers: &[] },
    BuiltInScope {
        name: "organization",
        protocol: OIDC,
        in_token: true,
        role: Optional,
        mappers: &[(
            "organization",
            "oidc-organization-membership-mapper",
            &[
                ("claim.name", "organization"),
                ("multivalued", "true"),
                ("id.token.claim", "true"),
                ("access.token.claim", "true"),
                ("userinfo.token.claim", "true"),
            ],
        )],
    },
    BuiltInScope {
        name: "microprofile-jwt",
        protocol: OIDC,
        in_token: true,
        role: Optional,
        mappers: &[
            ("upn", ATTRIBUTE, &[("user.attribute", "username"), ("claim.name", "upn")]),
            (
                "groups",
                "oidc-usermodel-realm-role-mapper",
                &[
                    ("claim.name", "groups"),
                    ("multivalued", "true"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                ],
            ),
        ],
    },
    BuiltInScope { name: "role_list", protocol: "saml", in_token: false, role: Default, mappers: &[] },
    BuiltInScope { name: "saml_organization", protocol: "saml", in_token: false, role: Default, mappers: &[] },
    BuiltInScope { name: "AuthnContextClassRef", protocol: "saml", in_token: false, role: Default, mappers: &[] },
];
