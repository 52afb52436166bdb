//! `FML04xx`: what is held back because something else is broken.

crate::codes! {
"FML0401" HELD_BACK "an entity is held back with what it depends on" "
The document is sound, and something that it depends on is broken. It is taken out of the plan with it: everything
stands as it is until the other document is corrected.

Example: the team `ml-research` while the document of its organisation has an error.

What to do: correct the document that is named. Nothing is to be done here."

"FML0402" MAY_BE_DECLARED "a reference may lead into a file that cannot be read" "
The reference leads nowhere, but a file that cannot be read may well declare what it names. So it is not an error
yet, and whatever depends on it waits.

Example: `memberOf: [acme-labs]` while `users/acme-labs/organisation.yaml` has a syntax error.

What to do: correct the file that is named; if the reference still leads nowhere then, it becomes an error."
}
