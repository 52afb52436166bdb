//! `FML05xx`: Claude Code's configuration.

crate::codes! {
"FML0501" CLAUDE_NOT_LOADED "a file that Claude Code would not load" "
Claude Code reads strict JSON. Of a file with a comment, a comma too many or a key that stands twice it loads nothing,
starts all the same, and says nothing: whatever the file was meant to forbid is allowed. Where `managed-mcp.json` counts
for nothing, the servers of every project are there again.

Example: a trailing comma in `enterprise/claude-code/managed-settings.json`.

What to do: correct the place that is named. Until then nothing is made of the enterprise's files, and what is mounted in
workspaces stays as it is."

"FML0502" CLAUDE_UNKNOWN_KEY "a key that Claude Code does not know" "
Claude Code ignores keys that it does not know, without a word. What was meant is not enforced.

Example: `\"security\": {\"blockedCommands\": [\"dd\"]}`; what forbids a command is `\"permissions\": {\"deny\": [\"Bash(dd *)\"]}`.

What to do: write the key that the help names. `formulary schema claude-settings` prints all that there are."

"FML0503" CLAUDE_WRONG_VALUE "a value that Claude Code drops" "
A value of the wrong type, or a word that does not exist, is dropped; inside of `permissions`, `sandbox` and `hooks` the whole
block goes with it, every rule that forbids something included.

Example: `\"disableBypassPermissionsMode\": true`, where the text `\"disable\"` belongs, takes all rules beside it away.

What to do: write the value as the help says."

"FML0504" CLAUDE_WRONG_PLACE "a key that does not count where it stands" "
Some keys count in the enterprise's settings alone, and some only there and in what a person sets for themselves. In the files
that a formula brings along they are ignored.

Example: `\"allowManagedHooksOnly\": true` in a formula's `.claude/settings.json`.

What to do: move the key to `enterprise/claude-code/managed-settings.json`, or delete it."

"FML0505" CLAUDE_RULE_SKIPPED "a permission rule that is skipped" "
The rule has a form that Claude Code does not take, and it goes on without the rule.

Example: `bash(rm *)` (names of tools begin with a capital letter), `WebFetch(example.org)` (it is
`WebFetch(domain:example.org)`), `Bash(npm:* run)` (`:*` stands at the end alone).

What to do: write the rule that the help gives."

"FML0506" CLAUDE_RULE_DOUBTFUL "a permission rule that probably means something else" "
The rule is taken, and does not do what it seems to say: one `/` in front is not the root of the file system, paths of files
that are written are looked up in rules for `Edit`.

Example: `Read(/etc/**)`, which is `etc` in the folder of the settings; the root is `Read(//etc/**)`.

What to do: write what the help gives."

"FML0507" CLAUDE_ALLOWS_ANYTHING "a rule that lets anything run" "
Shells, interpreters, package runners and clients of clusters run whatever they are given. Who allows one without asking
allows everything.

Example: `\"allow\": [\"Bash(python *)\"]`.

What to do: allow the sub-commands that are meant, or leave the rule out: then it is asked."

"FML0508" CLAUDE_OVERRULED "something of a formula that does not count" "
The enterprise's settings say that only their own rules or hooks count, or have a stronger rule for the same.

Example: `\"allow\": [\"Bash(make *)\"]` in a formula while `allowManagedPermissionRulesOnly` is on.

What to do: delete it in the formula, or have the enterprise allow it. `formulary explain claude` shows what holds."

"FML0509" CLAUDE_BAD_HOOK "a hook that never runs" "
There is no such event, the hook has not the form of one, or its script is not there.

Example: `\"hooks\": {\"onStartup\": …}`; the event is `SessionStart`.

What to do: write the event that the help names, or add the script."

"FML0510" CLAUDE_BAD_SERVER "an MCP server that is skipped" "
What is wrong with a server takes that one out of every session, without a word.

Example: `{\"url\": \"https://docs.acme.example/mcp\"}` without `\"type\": \"http\"` is taken for a command.

What to do: complete it as the help says."

"FML0511" CLAUDE_LITERAL_SECRET "a secret in a file of Claude Code" "
Everybody in a workspace can read these files, and so can everybody who reads the mono-repo. What was found is not repeated
here.

Example: `\"headers\": {\"Authorization\": \"Bearer 5f…\"}` instead of `\"Bearer ${ACME_DOCS_TOKEN}\"`.

What to do: write a reference to a variable, let the workspace set it, and replace the secret if it was ever pushed."

"FML0512" CLAUDE_VARIABLE "a variable that nobody gives" "
A server's configuration refers to a variable without a default, and no settings of Claude Code set it. Where the workspace
does not set it either, the server gets the text `${NAME}` itself.

Example: `\"url\": \"${MLFLOW_URL}/mcp\"`.

What to do: see that the Coder template sets it, or write a default."

"FML0513" CLAUDE_SERVER_SUPPRESSED "servers of a formula beside the enterprise's own" "
Where `managed-mcp.json` is there, servers of projects never load.

Example: a formula with `.mcp.json`, and `enterprise/claude-code/managed-mcp.json`.

What to do: take the formula's servers into the enterprise's file, or leave that file out and list in managed settings which
servers may be used: `allowManagedMcpServersOnly` and `allowedMcpServers`."

"FML0514" CLAUDE_SERVER_BLOCKED "a server that the enterprise blocks" "
The lists of allowed and denied servers do not let it through. A remote server is let through by its address, a local one by
its exact command; a name is a label that anybody can write.

Example: `npx -y tool@1` while the list has `[\"npx\", \"-y\", \"tool\"]`.

What to do: add an entry for it, or take the server out of the formula."

"FML0515" CLAUDE_UNPINNED "a server that is whatever was published last" "
`npx` and its like fetch a package and run it with all that the session may do. Without a version the next publication runs
unseen.

Example: `\"args\": [\"-y\", \"@acme/tool\"]`.

What to do: name the version: `@acme/tool@1.4.2`."

"FML0516" CLAUDE_BAD_TEXT "a skill or an agent that is not found" "
Skills and agents begin with a head of YAML, between two lines `---`. One whose head cannot be read, or lacks what it must
have, is skipped or never chosen, without a word.

Example: a skill in `skills/plot/SKILL.md` whose head says `name: plotting`.

What to do: correct the head as the help says."

"FML0517" CLAUDE_GRANT "a skill or an agent that brings rights along" "
It lets tools run unasked while it is used, also in a folder that nobody trusts yet.

Example: `allowed-tools: Bash(git *)` in the head of a skill.

What to do: see that this is meant."

"FML0518" CLAUDE_OPEN "a lock that the enterprise does not use" "
Without it a person can undo what the rest of the file says.

Example: rules that deny something without `disableBypassPermissionsMode`.

What to do: set it, or leave it and know."

"FML0519" CLAUDE_LOCK_LOST "a lock that a later file takes back" "
Files in `managed-settings.d` are folded over the base, and the last value counts.

Example: `\"allowManagedHooksOnly\": false` in `managed-settings.d/90-team.json`.

What to do: delete it there, or where it is locked."

"FML0520" CLAUDE_COPY "a copy of the policy that says something else" "
`enterprise/claude-code/k8s/configmap.yaml` is made from the files beside it. One that was edited by hand, or not made anew, is
a second policy, and who reads it believes what is not mounted.

Example: a rule that was added to `managed-settings.json` alone.

What to do: `formulary render claude-configmap --write`, or delete the copy: nothing needs it."
}
