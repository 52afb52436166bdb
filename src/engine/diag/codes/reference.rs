//! `FML03xx`: what entities say about each other.

crate::codes! {
"FML0301" UNKNOWN_REFERENCE "a reference leads nowhere" "
Nothing in the mono-repo declares what the reference names. Backstage would show a dangling relation; here the entity
is taken out of the plan, because half of what it asks for is unknown.

Example: `memberOf: [ml-reserch]` while the team is `ml-research`.

What to do: correct the name, or declare what it names. The help proposes the closest name."

"FML0302" DUPLICATE_ENTITY "an entity is declared twice" "
Kind, namespace and name are the identity of an entity, whatever the case of letters: `Alice` and `alice` are one.
Which of the two documents holds cannot be known, so neither is acted on, and what was last declared stands.

Example: the same user in `users/acme-corp/alice.yaml` and in `users/acme-labs/alice.yaml`.

What to do: remove one, or rename one (`alice-labs`). All places are named."

"FML0303" SHARED_NAME "two entities of different namespaces share a name" "
A name is the account name everywhere on the platform, where there are no namespaces.

Example: `user:default/alice` and `user:labs/alice`.

What to do: rename one of them (`alice-labs`), with `formulary.dev/previously: alice` if it already had accounts."

"FML0304" GROUP_CYCLE "groups contain each other" "
Following `spec.parent` (or `spec.children`) upwards comes back to where it began.

Example: `platform → platform-core → platform`.

What to do: take one of the parents out. The whole circle is printed."

"FML0305" DUPLICATE_EMAIL "two people have the same e-mail address" "
An address identifies a person when they sign in. With one address on two documents, a service would join their
accounts or refuse the second. Case does not matter.

Example: `alice@acme.example` in both `alice` and `alice-labs`.

What to do: give each person the address that is theirs alone, or remove the double document."

"FML0306" NO_PARENT "a team without an organisation" "
A team is part of an organisation or of another team: `spec.parent` says which, or the other's `spec.children`.

Example: a Group of type `team` with neither.

What to do: write `spec.parent: <organisation>`."

"FML0307" NO_ORGANISATION "a person without an organisation" "
Every person has a home organisation: the first organisation in `spec.memberOf`. It decides the services they get.

Example: `memberOf: []`, or `memberOf: [ml-research]` with only a team in it.

What to do: name the organisation first: `memberOf: [acme-corp, ml-research]`."

"FML0308" OUTSIDE_ORGANISATION "a member of a team is not in its organisation" "
Services put teams inside organisations; adding somebody to the team would let them into the organisation by a side
door that no review of the organisation shows.

Example: `memberOf: [acme-corp, research]` where `research` is a team of `acme-labs`.

What to do: add the organisation to `spec.memberOf`, or take the team out."

"FML0309" PREVIOUS_IN_USE "a former name is in use" "
`formulary.dev/previously` says that this entity once had that name; a rename looks for the old account by it. Another
entity of the same kind has the name now, so the account cannot belong to both.

Example: `alice-labs` with `previously: alice` while `alice` is declared.

What to do: remove the former name once the rename is done, or give the new holder another name."

"FML0310" PREVIOUS_TWICE "two entities claim the same former name" "
Only one of them can have been it.

Example: `ml-research` and `ml-platform`, both with `previously: ml`.

What to do: keep it where the accounts and rights are meant to go."

"FML0311" FOREIGN_EMAIL "an e-mail address outside the organisation" "
The home organisation lists its e-mail domains, and the address is in none of them. It may be right (a contractor);
it may be a slip.

Example: `bob@acme.exmaple`.

What to do: correct the address, or add the domain to `formulary.dev/email-domains` of the organisation."

"FML0312" WRONG_KIND "a reference leads to the wrong kind of thing" "
The entity exists and cannot stand here.

Example: `parent: user:default/alice`, or a workspace whose `owner` is a group.

What to do: refer to what belongs here; the message says what does."

"FML0313" TWO_PARENTS "a team has two parents" "
`spec.parent` of the team and `spec.children` of another group disagree, or two groups list the same child.

Example: `ml-research` with `parent: acme-corp`, listed in `children` of `acme-labs`.

What to do: keep one. `spec.parent` alone is enough; write `children: []` in the others."

"FML0314" UNKNOWN_SERVICE "a service that does not exist" "
`formulary.dev/services` names a service instance that the config does not have.

Example: `formulary.dev/services: gitaa`.

What to do: correct the name; the help proposes the closest."

"FML0315" TEAMS_TOO_DEEP "teams are nested too deeply" "
Teams may stand 16 levels deep below their organisation; no service nests them further.

Example: a chain of twenty teams, each the parent of the next.

What to do: give some of them a parent further up."

"FML0316" SAME_OBJECT "two declarations mean one object of a service" "
A service folds names (case, separators, one namespace for people and organisations), so that two entities with
different names would become one object there. Neither is acted on in that service.

Example: the teams `dev-tools` and `Dev_Tools` of one organisation, in a service that drops separators and case.

What to do: give one of the two another name, or take it out of that service with `formulary.dev/services`."
}
