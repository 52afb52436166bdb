//! `FML06xx`: what a service refuses, or cannot hold.

crate::codes! {
"FML0601" NAME_REFUSED "a name that a service refuses" "
Each service has its own rules for names: characters, lengths, words that it keeps for itself. A name that one of the
entity's services would refuse is told here, before a call is made; what the entity has there stands as it is.

Example: a user `api` who is placed in a Gitea, which keeps that name for itself.

What to do: give the entity another name and record the old one with `formulary.dev/previously`, or take the service
away from it with `formulary.dev/services`."

"FML0602" NAME_TAKEN "two entities have one name in a service" "
Some services hold names of different things in one namespace, or do not look at case. Two entities that are apart in
the mono-repo would be one object there.

Example: an organisation `acme` and a user `Acme`, both placed in a Gitea: people and organisations share one namespace.

What to do: give one of the two another name, or take the service away from it with `formulary.dev/services`."

"FML0603" VALUE_REFUSED "a value that a service refuses" "
The value is sound in itself, and one of the entity's services would refuse it: too long, or of a form that it does
not take. The field is left as it is there; everything else is kept true.

Example: an e-mail address that begins with `-`, which Gitea refuses.

What to do: change the value, or take the service away from the entity with `formulary.dev/services`."

"FML0604" SET_UP_INCOMPLETE "the config says too little for a service" "
Something that the service needs is a fact of the installation that no API tells, and the config does not say it. What
is there stands as it is; what would have to be made is not made.

Example: people are placed in a Gitea, and its options name no `source_id`, so that no account could be bound to the
sign-in source.

What to do: add the option to the service's entry in the config; `formulary doctor` shows how to find its value."
}
