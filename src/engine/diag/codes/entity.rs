//! `FML02xx`: the form of one entity.

crate::codes! {
"FML0201" NOT_IDENTIFIED "a document cannot be identified" "
The document looks like an entity (it has a `kind`, or an `apiVersion` of Backstage) but does not say which: kind,
apiVersion or name is missing or unusable. So it is not known what it declares, and all that its file last declared
stands.

Example:

    kind: User
    metadata: {name: alice}       # no apiVersion

What to do: write `apiVersion: backstage.io/v1alpha1` (a Template has `scaffolder.backstage.io/v1beta3`), the `kind`,
and `metadata.name`."

"FML0202" UNKNOWN_KIND "a kind or version that Backstage does not know" "
Backstage accepts each kind under certain versions only, and would refuse this document.

Example: `kind: Usr`, or a Template under `backstage.io/v1beta2`.

What to do: correct the kind or the version; the help names the likely one."

"FML0203" MISSING_FIELD "a required field is missing" "
The format of this kind demands the field, even where it would be empty.

Example: a Group without `children` (write `children: []`), a User without `memberOf`.

What to do: add the field. `formulary schema` prints the format, and editors can show it while you type."

"FML0204" WRONG_TYPE "a value is of the wrong type" "
A list stands where a text belongs, a number where a text belongs, and so on.

Example: `formulary.dev/email-verified: true`; annotations are always text: `\"true\"`.

What to do: write the value as the message says; put quotes around numbers and truth values that are meant as text."

"FML0205" UNKNOWN_FIELD "a field that does not exist" "
At this place the format is closed, and the field is not part of it. Probably it is misspelt or one level too high.

Example: `profile:` beside `spec:` instead of inside it.

What to do: correct the name, or move it. Backstage allows own fields inside `metadata` and `spec`, not beside them."

"FML0206" BAD_VALUE "a value is not acceptable" "
The value has the right type and not the right form: not one of the words allowed, too short, not an address, …

Example: `email: alice at acme`.

What to do: correct the value; the message says what is expected."

"FML0207" UNKNOWN_ANNOTATION "an annotation of ours that does not exist" "
Annotations under `formulary.dev/` are ours, and this one is in no table, so it would have no effect.

Example: `formulary.dev/service: gitea` (it is `services`).

What to do: correct the name. The table is `schema/annotations.schema.json`. Annotations of others, under other
prefixes, are never judged."

"FML0208" BAD_ANNOTATION "an annotation of ours has an unusable value" "
The annotation exists, and its text cannot be read.

Example: `formulary.dev/services: gitea, +keycloak`, which is an exact list in one place and an addition in another.

What to do: correct the text; the message says what is expected."

"FML0209" BAD_NAME "a name that Backstage refuses" "
Names have 1 to 63 letters and digits, with `-`, `_` and `.` inside; namespaces are lower case; tags, labels and
annotation keys have rules of their own. Backstage would not take the entity in.

Example: `name: alice@acme.example`, `tags: [ML]`.

What to do: choose another name. What services allow is narrower still and reported for each service by itself."

"FML0210" BAD_REFERENCE "a reference cannot be read" "
References to entities are written `[kind:][namespace/]name`.

Example: `memberOf: [group:default/acme corp]`.

What to do: correct the reference. It is never a path."

"FML0211" UNMANAGED_GROUP "a group that is provisioned nowhere" "
Groups of type `organization` and `team` are provisioned. Other types are Backstage's own affair: they may be
referred to, and nothing is made of them.

Example: `spec: {type: organisation}` (Backstage writes it with `z`).

What to do: correct the type if the group is meant to be provisioned; otherwise leave it."

"FML0212" ANNOTATION_ELSEWHERE "an annotation that has no effect here" "
The annotation exists for other kinds of entity.

Example: `formulary.dev/email-domains` on a User; it belongs to an organisation.

What to do: move it to the entity that it is meant for, or remove it."

"FML0213" PLACEHOLDER "a placeholder in parameters" "
Backstage replaces a mapping whose only key is `$text`, `$json` or `$yaml` by a file's contents. In the parameters of
a request that would let the request read files, so it is refused.

Example: `parameters: {notes: {$text: ../secrets.txt}}`.

What to do: write the value itself."

"FML0214" NEAR_FIELD "a field of your own that looks like a slip" "
Backstage keeps fields that it does not know, so a misspelt one is silently without effect. This one is very close to
a field that exists and is not used here.

Example: `member: [alice]` on a Group; the field is `members`.

What to do: correct the name. If the field is really your own, give it a name that nobody can mistake."
}
