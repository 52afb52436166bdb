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

"FML0605" NOT_POSSIBLE_THERE "a service cannot hold what is declared" "
The document, or the config, asks for something that the installation cannot do as it is set up now.

Example: a Keycloak organisation in a realm that has organisations switched off.

What to do: switch the feature on in that installation (`formulary doctor` says how), or take the wish back."

"FML0606" PLACED_WITHOUT_PARENT "something is placed where what it lies in is not" "
A team is placed in a service, and the organisation or team that it lies in is not. It has no place there.

Example: a team with `formulary.dev/services: +keycloak` whose organisation has `formulary.dev/services: none`.

What to do: place the organisation there too, or take the team out."

"FML0607" INCOMPLETE_THERE "something that a service will ask the person for" "
What is declared is enough to make the account, and the service will ask the person for the rest.

Example: a display name of one word: Keycloak asks for the last name at the first sign-in.

What to do: nothing, or complete the document."

"FML0608" OPTION_REFUSED "an option of a service cannot be used" "
An option in the config is well formed and still cannot be used: it names something that is not there, or that is never
touched, or something that the service would refuse.

Example: a client with the redirect address `*`.

What to do: correct the option under `services.<instance>.options`."

"FML0609" NUMBER_NOT_GIVEN "somebody is given no number yet" "
Some services tell people apart by a number that is given once and never to anybody else. The next number must lie above
every one that exists, at the identity provider and in the services that use it; while one of them cannot be read whole,
nobody new is given one, and the accounts that need it wait. Everybody else is kept true.

Example: a new person in Mattermost while Mattermost does not answer.

What to do: nothing, if the service comes back by itself; else see what `formulary doctor` says about it."

"FML0610" NUMBER_TWICE "two people carry the same number" "
A number that tells people apart is there twice, so that one of the two would sign in as the other. What both have stands
as it is.

Example: somebody copied an account at the identity provider together with its attributes.

What to do: find out whose the number is (the service that uses it shows the account) and take it from the other person
at the identity provider. The next cycle gives that person a new one."

"FML0611" CATALOG_INDEX "an index file that does not list what its folder holds" "
Backstage reads the files that an index file (`catalog-info.yaml`, a Location) lists. A document in a file that it does not list
is not seen there; a file that it lists and that is not there holds up every other one of the same index.

Example: somebody added `users/acme-corp/zoe.yaml` and no more.

What to do: write the index files anew with `formulary render backstage-catalog --write`, and commit them."
}
