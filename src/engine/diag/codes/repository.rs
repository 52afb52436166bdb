//! `FML80xx`: reaching the mono-repo.

crate::codes! {
"FML8001" REPOSITORY_ADDRESS "an address that no repository can be read from" "
The address cannot be understood, or is of a kind that is not used: ssh, http to another machine (what is declared
decides who gets in, so it may not be changed on its way), or one with a password inside.

Example: `--repo https://bob:secret@git.acme.example/platform-formulas.git`.

What to do: give an `https://` or `file://` address or a path, and name credentials by reference in the config."

"FML8002" NO_FOLDER "a folder that does not exist" "
`--dir` names a folder that is not there, or a file.

Example: `formulary plan --dir platfrom-formulas`.

What to do: correct the path. A Git repository on a server is named with `--repo`."

"FML8003" NO_REPOSITORY "there is no Git repository at the address" "
Something answered, or the path exists, but it is no Git repository. Servers also say so to strangers, in order not to
tell which private repositories exist.

Example: `--repo https://git.acme.example/acme/platform-formula.git` (the `s` is missing).

What to do: correct the address; where the repository is private, name credentials under `repository:` in the config."

"FML8004" EMPTY_REPOSITORY "the repository has no commit" "
An empty repository declares nothing, which is not the same as declaring that everybody shall go. So nothing is planned
from it, and what was applied before stands.

Example: a repository that was made a minute ago.

What to do: push a first commit."

"FML8005" NO_REVISION "a branch, tag or commit that does not exist" "
The repository is there and has no such name. Commit ids need at least 7 digits; a name may be followed by `~2` or `^`.

Example: `--rev mian`.

What to do: correct the name; the help offers the near ones."

"FML8006" AMBIGUOUS_REVISION "a short commit id that fits several commits" "
More than one commit begins with these digits.

Example: `--rev 3f2a91c` in a very large repository.

What to do: give more digits."

"FML8007" REPOSITORY_DENIED "the repository refused the sign-in" "
The server answered 401 or 403: it wants credentials and got none, or it does not accept those that were sent. Nothing
is planned, and what was applied before stands.

Example: a token that has expired.

What to do: name credentials under `repository:` in the config; check that the token is valid and may read this
repository."

"FML8008" REPOSITORY_UNREACHABLE "the repository cannot be reached" "
No connection, a broken one, or an answer that is not Git's (a sign-in page, an error of a proxy). Redirects are not
followed, because a name that a forge redirects can be taken by somebody else any day. Nothing is planned, and what was
applied before stands.

Example: `it answered with 'text/html', not as a Git server`.

What to do: open the address with `git ls-remote` from the same machine; check name, network, proxy and certificate."

"FML8009" REPOSITORY_DEADLINE "the repository took too long" "
The fetch did not end in the time it was given. What arrived is not used.

Example: a first clone over a slow line.

What to do: try again; look for large files in the history of the mono-repo."

"FML8010" REPOSITORY_TOO_LARGE "the repository is larger than is taken" "
More bytes were sent, or there are more files, than any mono-repo of declarations has. It ends here, so that one
repository cannot take all memory or disk.

Example: a repository with a disk image in its history.

What to do: keep large files and generated trees out of the mono-repo."

"FML8011" REPOSITORY_BROKEN "the repository cannot be read on this machine" "
The cache folder cannot be used, or Git itself failed.

Example: a full disk, or a repository that belongs to another user (Git's `safe.directory`).

What to do: the message names the path and the cause. A cached clone can be removed at any time; it is made anew."
}
