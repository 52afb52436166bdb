//! `FML06xx`: what a service refuses, known before it is asked.

crate::codes! {
"FML0601" REFUSED_NAME "a service refuses the name" "
Every service has its own rules for names: length, alphabet, reserved words. The name cannot be used in the service that
is named, so what the document declares is left alone there.

Example: the user `al` in a Keycloak realm, where usernames have at least three characters.

What to do: give the entity another name (and note the old one under `formulary.dev/previously`), or take it out of that
service with `formulary.dev/services: -<service>`."

"FML0602" SAME_NAME_THERE "two names are one to a service" "
A service folds names, or keeps two kinds of name in one space, so that two entities would be one object there.

Example: the users `default/alice` and `labs/alice`, who would both be the account `alice`.

What to do: rename one of the two."

"FML0603" REFUSED_VALUE "a service refuses a value" "
A value of the document breaks a rule of the service that is named. What the document declares is left alone there until
the value is corrected: nothing is made, changed or removed.

Example: a display name with `<` or `(` in it, for a Keycloak realm.

What to do: change the value; the message says what is not allowed."

"FML0604" NOT_POSSIBLE_THERE "a service cannot hold what is declared" "
The document, or the config, asks for something that the installation cannot do as it is set up now.

Example: a Keycloak organisation in a realm that has organisations switched off.

What to do: switch the feature on in that installation (`formulary doctor` says how), or take the wish back."

"FML0605" REFUSED_OPTION "an option of a service cannot be used" "
An option in the config is well formed and still cannot be used: it names something that is not there, or that is never
touched, or something that the service would refuse.

Example: a client with the redirect address `*`.

What to do: correct the option under `services.<instance>.options`."

"FML0606" PLACED_WITHOUT_PARENT "something is placed where what it lies in is not" "
A team is placed in a service, and the organisation or team that it lies in is not. It has no place there.

Example: a team with `formulary.dev/services: +keycloak` whose organisation has `formulary.dev/services: none`.

What to do: place the organisation there too, or take the team out."

"FML0607" INCOMPLETE_THERE "something that a service will ask the person for" "
What is declared is enough to make the account, and the service will ask the person for the rest.

Example: a display name of one word: Keycloak asks for the last name at the first sign-in.

What to do: nothing, or complete the document."
}
