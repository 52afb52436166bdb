//! `FML90xx`: the config.

crate::codes! {
"FML9001" NO_CONFIG "no config was found" "
The config says which services there are and how to sign in to them. It is looked for in four places, and the first
that has one counts: `--config FILE`, the variable `FORMULARY_CONFIG`, `formulary.yaml` in the working folder, and the
system's config folders (`$XDG_CONFIG_HOME/formulary/`, `/etc/formulary/`).

Example: the smallest config for one Gitea:

    platform: acme
    services:
      gitea:
        url: https://git.acme.example
        credentials: {token: env:GITEA_TOKEN}

What to do: write one, or let `formulary sandbox --write-config formulary.yaml` write one that points at a sandbox."

"FML9002" CONFIG_UNREADABLE "the config cannot be read" "
The file exists, or was named, and its content could not be had; or there is not exactly one document in it.

Example: `FORMULARY_CONFIG=/etc/formulary/prod.yaml` where that file belongs to another user.

What to do: correct the path or the permissions. A config that was named is never replaced by another one in silence."

"FML9003" CONFIG_UNKNOWN_KEY "a key that does not exist" "
At this place of the config there is no such key, so it would have no effect. Probably it is misspelt, or stands one
level too high or too low.

Example: `mod: enforce` (it is `mode`), or `token:` beside `credentials:` instead of inside it.

What to do: correct the name, as the help says, or move the key. `formulary schema config` prints the format."

"FML9004" CONFIG_MISSING_KEY "a key is missing" "
The key has no default, because a wrong guess would reach the wrong service.

Example: an instance without `url`.

What to do: add the key."

"FML9005" CONFIG_WRONG_TYPE "a value is of the wrong type" "
A list stands where a text belongs, a text where a number belongs, and so on.

Example: `timeout_seconds: 30s` (it is a whole number: `30`).

What to do: write the value as the message says."

"FML9006" CONFIG_BAD_VALUE "a value is not acceptable" "
The value has the right type and not the right form: not one of the words allowed, out of range, not a date.

Example: `mode: enforced`.

What to do: correct the value; the message says what is expected."

"FML9007" LITERAL_SECRET "a secret stands in the config" "
The config is read by many eyes and copied into tickets, so a secret stands in it by reference only. What was found is
not repeated here. Treat it as known to others if the file was ever shared.

Example: `token: 4f9c…` instead of `token: env:GITEA_TOKEN`.

What to do: put the secret into a variable, a file, or a store that a command can ask, and refer to it with `env:`,
`file:` or `exec:`. If the file was shared, replace the secret as well."

"FML9008" BAD_SECRET_REFERENCE "a reference to a secret that cannot be read" "
It begins like a reference, and what follows is no name, no path or no command.

Example: `env:GITEA-TOKEN`; a variable has letters, digits and `_`.

What to do: correct what stands after the colon."

"FML9009" CONFIG_BAD_URL "an address that cannot be used" "
An address of a service is an absolute URL with `http` or `https`, without query and fragment.

Example: `url: git.acme.example` (it is `https://git.acme.example`).

What to do: write the address as a browser shows it, with the path under which the service answers."

"FML9010" CREDENTIALS_IN_URL "an address with credentials inside" "
Addresses are shown in plans, logs and messages; what stands before the `@` would be shown with them.

Example: `url: https://bot:secret@git.acme.example`.

What to do: take them out of the address and name them by reference under `credentials`. If the file was shared,
replace the secret as well."

"FML9011" UNENCRYPTED "credentials travel unencrypted" "
The address begins with `http://` and leads to another machine, so everybody on the way can read the token.

Example: `url: http://git.acme.example`.

What to do: use `https`. Inside one cluster or behind a mesh that encrypts, leave it; this is a warning only."

"FML9012" UNKNOWN_SERVICE_TYPE "a type of service that does not exist" "
No provider has this name. Without `type`, the name of the instance is taken for it.

Example: an instance `git` without `type: gitea`.

What to do: correct `type`, or add it."

"FML9013" UNKNOWN_INSTANCE "an instance that the config does not have" "
Something refers to a service instance that is not under `services`.

Example: `defaults: {services: [gittea]}`.

What to do: correct the name, or add the instance."

"FML9014" UNKNOWN_KIND_OF_SERVICE "a kind that the service does not have" "
A mode or an ignore rule names a kind that this type of service does not keep true, so it would have no effect.

Example: `kinds: {channel: {mode: enforce}}` under a Gitea.

What to do: correct the kind; the help lists them."

"FML9015" ROLE_NOT_PLAYED "a role that is bound wrongly, or not at all" "
A role is played by one instance whose type can play it. Where several could, the config must say which.

Example: two Keycloaks under `services` and no `roles: {identity: …}`.

What to do: name the instance under `roles`."

"FML9016" CREDENTIALS_INSUFFICIENT "credentials that do not suffice to sign in" "
The service cannot sign us in with what is given: something is missing, or it is for another kind of service.

Example: `credentials: {client_id: formulary}` without `client_secret`.

What to do: complete the credentials; the help says what this type of service takes."

"FML9017" BAD_OPTION "an option that the service does not have, or a value that does not fit" "
Options are facts of the installation, and each type of service has its own.

Example: `options: {source: 1}` under a Gitea.

What to do: correct the option. `formulary schema config` prints what the types of service take."

"FML9018" RESERVED_NAME "a name that an instance cannot have" "
Addresses and references begin with the name of an instance, a role or a kind of entity, so an instance may not be
called like a role (`identity`) or a kind of entity (`user`), nor `none`.

Example: an instance `identity` of type `keycloak`.

What to do: choose another name, such as the type's."

"FML9019" SECRET_EXPOSED "a secret that others on this machine can read" "
The file that holds the secret may be read by every account of the machine.

Example: `/etc/formulary/token` with mode 0644.

What to do: `chmod 600` on it, owned by the account that Formulary runs as."

"FML9020" BAD_PROTECTED "something that cannot be protected" "
It is neither a reference to an entity (`user:default/anna`) nor an address (`gitea:user/anna`), so it would protect
nothing.

Example: `protected: [anna]`; it does not say whether that is a person or a group.

What to do: write it with its kind."
}
