//! `FML01xx`: files and syntax.

crate::codes! {
"FML0101" FILE_UNREADABLE "a file cannot be read" "
The tree of the revision names a file, and its contents could not be had.

Example: a partial clone whose object is missing, or a file without read permission under `--dir`.

What to do: make the file readable (fetch the missing object, correct its permissions). Until then everything that
the file last declared stands: nothing is changed or removed because of it."

"FML0102" FILE_TOO_LARGE "a file is larger than is read" "
A document of the mono-repo is a small text. A file beyond the limit (1 MiB) is not read, so that one file cannot
take all memory or time.

Example: `users/acme-corp/everybody.yaml` with 20,000 people in it.

What to do: split the file; several files of one folder mean the same as one. If it declares nothing, move it to a
folder that is not read (any folder whose name begins with a dot). Until then what it last declared stands."

"FML0103" NOT_UTF8 "a file is not UTF-8 text" "
YAML and JSON documents are read as UTF-8. UTF-16 and Latin-1 are not guessed, because a wrong guess changes names.

Example: a file saved by an editor as `UTF-16 LE`, or a name whose `é` is the single byte `E9`.

What to do: save the file as UTF-8 (`iconv -f latin1 -t utf-8`). The position is that of the first wrong byte."

"FML0104" LFS_POINTER "a file is a pointer of Git LFS" "
The repository holds a pointer where the document should be: the file was added while Git LFS tracked its path. The
contents lie on another server, which is not asked.

Example:

    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a…
    size 412

What to do: keep documents out of LFS (`git lfs untrack '*.yaml'`, then `git add --renormalize .`)."

"FML0105" SYMLINK "a symbolic link is not followed" "
Links are never followed: they could lead out of the repository. A link in the place of a document, or of a folder
of documents, declares nothing, and what was last declared there stands.

Example: `users/acme-labs/alice.yaml -> ../acme-corp/alice.yaml`.

What to do: put the document itself there. Nobody needs two copies: an entity belongs to an organisation by
`spec.memberOf`, not by its folder."

"FML0106" SUBMODULE "a submodule is not entered" "
A submodule is another repository at a commit of its own; only this repository's own files are read.

Example: `users/acme-labs` as a submodule of the laboratory's repository.

What to do: bring the files into the mono-repo (`git subtree add`), or remove the submodule. What was last declared
below it stands."

"FML0107" BAD_PATH "a path of the tree is not acceptable" "
The tree holds a path that no ordinary commit makes: one with `..`, an absolute one, one with a backslash or a
control character. Such a file is not read.

Example: an entry named `..` in a tree object made by hand.

What to do: find out who made the commit, and remove the entry."

"FML0108" YAML_SYNTAX "the text is not YAML" "
The document cannot be read from this place on. Other documents of the same file, after the next `---`, are read.
Since it cannot be known what the document declares, all that its file last declared stands.

Example: a tab used for indentation, a quote that is never closed, a `:` missing after a key.

    metadata:
    \tname: alice        # a tab; YAML indents by spaces

What to do: correct the line. Editors that know YAML show the place while you type."

"FML0109" JSON_SYNTAX "the text is not JSON" "
A file whose name ends in `.json` is read as JSON, strictly: no comments, no trailing commas, one value.

Example: `{\"kind\": \"User\",}`.

What to do: correct the text, or name the file `.yaml` if YAML is what you write."

"FML0110" DUPLICATE_KEY "a key appears twice" "
Two values for one key: most readers silently keep the last, so that what is reviewed is not what holds.

Example:

    spec:
      memberOf: [acme-corp]
      memberOf: [acme-labs]      # the second

What to do: keep one of them. Both places are named."

"FML0111" TOO_DEEP "the document is nested too deeply" "
Documents may be nested 64 levels deep. No real one comes near it; the bound keeps a hostile one from exhausting the
machine.

Example: a line of ten thousand opening brackets.

What to do: flatten the document."

"FML0112" EXPANSION "the document grows too large" "
Aliases (`*name`) repeat what an anchor (`&name`) holds. A few lines of aliases of aliases stand for millions of
values, so expansion is charged to a budget of values, aliases, and bytes.

Example: ten anchors, each a list of ten aliases of the one before.

What to do: write out what you mean. If a file is honestly that large, split it."

"FML0113" BAD_ALIAS "an alias leads nowhere" "
The alias names an anchor that was not defined before it in the same document, or that contains the alias itself.

Example: `memberOf: *teams` with no `&teams` above it.

What to do: define the anchor first, or write the value out. Anchors do not reach from one document to the next."

"FML0114" BAD_MERGE "a merge key needs a mapping" "
`<<` puts the keys of another mapping here; its value is a mapping, an alias of one, or a list of those.

Example: `<<: *names` where `&names` is a list.

What to do: merge a mapping, or write the keys out. Mind that Backstage itself does not expand `<<`: a document that
Backstage also reads should not use it."

"FML0115" BAD_KEY "a key is not text" "
Keys of a mapping are text, numbers or words. A list or a mapping as a key has no place in JSON, and so in none of
the formats that are read here.

Example: `? [a, b] : c`, or a value that begins with `{{` and is not quoted: `name: {{ user }}`.

What to do: put the value in quotes."

"FML0116" LOOKALIKE "a value looks like another type" "
YAML 1.2 reads `no`, `off` and `yes` as text and `0755` as the number 755; many tools read them otherwise. The value
is taken as YAML 1.2 says, as Backstage does; the warning asks you to say what you mean.

Example: `enabled: yes` is the text `yes`, not a truth value.

What to do: write `true` or `false` for truth values; put quotes around text."

"FML0117" CONTROL_CHARACTER "a character that no text holds" "
The file holds a NUL or another control character. It is probably binary or damaged.

Example: a file that was cut off by a full disk and padded with zeros.

What to do: restore the file. What it last declared stands meanwhile."

"FML0118" TOO_MANY_DOCUMENTS "too many documents in one file" "
A file may hold 1,000 documents. Those beyond are not read.

Example: all people of a large company in one generated file.

What to do: split the file."

"FML0119" UNKNOWN_TAG "a tag that means nothing here" "
Tags (`!name`) ask the reader to build something other than plain data. Only the core tags of YAML (`!!str`, `!!int`,
`!!float`, `!!bool`, `!!null`, `!!seq`, `!!map`) are known, and they must fit the value.

Example: `name: !env USER`, or `count: !!int many`.

What to do: remove the tag and write the value."

"FML0120" BAD_NUMBER "a number that cannot be kept" "
`.inf` and `.nan` have no counterpart in JSON, and whole numbers beyond 64 bits lose digits.

Example: `quota: .inf`.

What to do: put it in quotes if it is text; otherwise choose a number."

"FML0121" MERGE_KEY "a merge key that Backstage does not expand" "
`<<` is expanded here. Backstage reads the same file with a reader that does not, and sees a field named `<<`.

Example:

    metadata:
      <<: *common
      name: alice

What to do: write the keys out in documents that Backstage also reads."
}
