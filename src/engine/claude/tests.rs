//! What is said of files that Claude Code would read without a word.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::policy::Policy;
use super::*;
use crate::engine::schema::{self, Format};
use crate::engine::source::FileEntry;

fn enterprise(files: &[(&str, &str)]) -> Enterprise {
    let files = files.iter().map(|(path, text)| (format!("{FOLDER}/{path}"), FileEntry::from(*text)));
    Enterprise::of(&files.collect::<BTreeMap<_, _>>())
}

fn formula(files: &[(&str, &str)]) -> BTreeMap<String, FileEntry> {
    files.iter().map(|(path, text)| (format!("coder-template/{path}"), FileEntry::from(*text))).collect()
}

fn told(problems: &[Diagnostic]) -> String {
    let line = |it: &Diagnostic| {
        let related: String = it.related.iter().map(|(span, why)| format!("\n    {why}: {span}")).collect();
        format!("{it}\n    {}{related}", it.help.as_deref().unwrap_or("-")).replace(&format!("{FOLDER}/"), "~/")
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn of_settings(text: &str) -> String {
    let problems = check_enterprise(&enterprise(&[("managed-settings.json", text)]));
    told(&problems.into_iter().filter(|it| it.code != crate::engine::diag::codes::CLAUDE_OPEN).collect::<Vec<_>>())
}

fn of_servers(text: &str) -> String {
    told(&check_enterprise(&enterprise(&[("managed-mcp.json", text)])))
}

fn of_formula(files: &[(&str, &str)], over: &[(&str, &str)]) -> String {
    told(&check_formula(&Bundle { folder: "formulas/f", files: &formula(files) }, &enterprise(over)))
}

/// Every policy key of the plan that the project began with protects nothing: Claude Code knows none of them.
#[test]
fn keys_that_people_invent_are_told_in_keys_that_work() {
    let invented = json!({
        "version": "1.0.0",
        "security": { "allowedCommands": ["git"], "blockedCommands": ["dd"], "denyListPaths": ["**/.env"] },
        "tools": { "bash": { "timeout": 300_000 } },
        "network": { "allowedDomains": ["github.com"] },
        "permision": {},
        "allowedDomains": [],
        "defaultMode": "plan",
        "sandbox": { "enable": true, "allowedDomains": ["github.com"] },
        "hooks": { "onStartup": [], "PreToolUze": [] },
    });
    assert_snapshot!(of_settings(&format!("{invented:#}")), @r#"
    ~/managed-settings.json:2:3: error[FML0502]: key 'version' does not exist, and Claude Code ignores it without a word
        git has the file's version; 'requiredMinimumVersion' is that of Claude Code
    ~/managed-settings.json:3:3: error[FML0502]: key 'security' does not exist, and Claude Code ignores it without a word
        allowed commands are 'permissions.allow' ("Bash(git *)"), blocked ones 'permissions.deny' ("Bash(sudo *)"), paths that nobody reads 'permissions.deny' ("Read(//**/.env)")
    ~/managed-settings.json:14:3: error[FML0502]: key 'tools' does not exist, and Claude Code ignores it without a word
        time limits of commands are 'env.BASH_DEFAULT_TIMEOUT_MS' and 'env.BASH_MAX_TIMEOUT_MS', as texts
    ~/managed-settings.json:19:3: error[FML0502]: key 'network' does not exist, and Claude Code ignores it without a word
        domains that commands may reach are 'sandbox.network.allowedDomains', with 'sandbox.enabled' and 'sandbox.network.allowManagedDomainsOnly'
    ~/managed-settings.json:24:3: error[FML0502]: key 'permision' does not exist, and Claude Code ignores it without a word
        did you mean 'permissions'?
    ~/managed-settings.json:25:3: error[FML0502]: key 'allowedDomains' does not exist, and Claude Code ignores it without a word
        it stands under 'sandbox.network'
    ~/managed-settings.json:26:3: error[FML0502]: key 'defaultMode' does not exist, and Claude Code ignores it without a word
        'defaultMode' stands under 'permissions'
    ~/managed-settings.json:28:5: error[FML0502]: key 'sandbox.enable' does not exist, and Claude Code ignores it without a word
        did you mean 'enabled'?
    ~/managed-settings.json:29:5: error[FML0502]: key 'sandbox.allowedDomains' does not exist, and Claude Code ignores it without a word
        'allowedDomains' stands under 'sandbox.network'
    ~/managed-settings.json:34:5: error[FML0509]: there is no event 'onStartup', and Claude Code never runs its hooks
        write 'hooks.SessionStart': [{"matcher": "startup", "hooks": […]}]
    ~/managed-settings.json:35:5: error[FML0509]: there is no event 'PreToolUze', and Claude Code never runs its hooks
        did you mean 'PreToolUse'?
    "#);
}

#[test]
fn a_value_of_a_wrong_type_takes_its_block_along() {
    let text = r#"{
  "permissions": { "disableBypassPermissionsMode": true, "deny": ["Bash(dd *)"] },
  "sandbox": { "network": { "httpProxyPort": "8080" } },
  "hooks": { "SessionStart": [{ "matcher": ["startup"], "hooks": [{ "type": "comand", "command": "x" }] }] },
  "cleanupPeriodDays": 0
}"#;
    assert_snapshot!(of_settings(text), @r#"
    ~/managed-settings.json:2:52: error[FML0503]: 'permissions.disableBypassPermissionsMode' is a truth value, not text
        write "disable"; Claude Code would drop 'permissions' as a whole, with every rule beside it
    ~/managed-settings.json:3:46: error[FML0503]: 'sandbox.network.httpProxyPort' is text, not a whole number
        Claude Code would drop 'sandbox' as a whole, and commands would run without one
    ~/managed-settings.json:4:44: error[FML0509]: 'hooks.SessionStart[0].matcher' is a list, not text
        Claude Code would drop 'hooks' as a whole, with every hook beside it
    ~/managed-settings.json:4:77: error[FML0509]: 'hooks.SessionStart[0].hooks[0].type' is 'comand', which is none of 'command', 'prompt', 'agent', 'http', 'mcp_tool'
        did you mean 'command'; Claude Code would drop 'hooks' as a whole, with every hook beside it
    ~/managed-settings.json:5:24: error[FML0503]: 'cleanupPeriodDays': 0 is less than the minimum of 1
        Claude Code would drop 'cleanupPeriodDays'
    "#);
}

#[test]
fn what_is_not_strict_json_would_not_be_loaded() {
    for text in ["{ \"env\": {}, }", "{ /* why */ }", "\u{feff}{}", "", "[]", "{\"env\": {}, \"env\": {}}", "env: {}"] {
        let told = of_settings(text);
        assert!(told.contains("FML0501") && told.contains("load nothing"), "{text}: {told}");
    }
    assert!(of_servers("{,}").contains("every project's own servers would be there again"));
    assert_snapshot!(of_servers("{ \"servers\": {} }"), @r#"
    ~/managed-mcp.json:1:1: error[FML0501]: the file has no 'mcpServers'
        without it the file counts for nothing, and every project's own servers are there again
    ~/managed-mcp.json:1:3: error[FML0502]: key 'servers' does not exist, and Claude Code ignores it without a word
        known are '$schema', 'mcpServers'
    "#);
}

#[test]
fn rules_that_are_skipped_or_mean_something_else() {
    let text = json!({ "permissions": {
        "allow": ["bash(git *)", "Bash(npm:* run)", "WebFetch(example.org)", "mcp__*", "B*", "Bash", "Bash(python *)",
                  "Bash(git diff *)", "Bash(npm test)", "mcp__docs__read*", "Reed(x)", "Bash("],
        "ask": ["Task(reviewer)", "mcp__*", "*", "Bash(sudo *)"],
        "deny": ["Read(/etc/**)", "Write(secrets/**)", "Glob(x)", "Read(//etc/**)", "Edit()"],
    }});
    assert_snapshot!(of_settings(&text.to_string()), @r#"
    ~/managed-settings.json:1:26: error[FML0505]: rule 'bash(git *)' names no tool, and Claude Code skips it
        write "Bash(git *)": case counts
    ~/managed-settings.json:1:40: error[FML0505]: rule 'Bash(npm:* run)' has ':*' before its end, and Claude Code skips it
        write "Bash(npm * run)"
    ~/managed-settings.json:1:58: error[FML0505]: rule 'WebFetch(example.org)' names no domain, and Claude Code skips it
        write "WebFetch(domain:example.org)"
    ~/managed-settings.json:1:82: error[FML0505]: rule 'mcp__*' allows servers by a pattern, and Claude Code skips it
        name the server: "mcp__server__*"
    ~/managed-settings.json:1:91: error[FML0505]: rule 'B*' allows tools by a pattern, and Claude Code skips it
        name the tools that are allowed, each in a rule
    ~/managed-settings.json:1:96: warning[FML0507]: rule 'Bash' lets every command run unasked
        allow the sub-commands that are meant, such as "Bash(git diff *)"
    ~/managed-settings.json:1:103: warning[FML0507]: rule 'Bash(python *)' lets whatever 'python' is given run unasked
        allow the sub-commands that are meant, such as "Bash(git diff *)"
    ~/managed-settings.json:1:175: warning[FML0506]: rule 'Reed(x)' is for a tool that is not known
        did you mean "Read(x)"?
    ~/managed-settings.json:1:185: error[FML0505]: rule 'Bash(' has not the form of one, and Claude Code skips it
        write "Tool" or "Tool(specifier)"
    ~/managed-settings.json:1:201: warning[FML0506]: rule 'Task(reviewer)' has the former name of a tool
        write "Agent(reviewer)"
    ~/managed-settings.json:1:255: warning[FML0506]: rule 'Read(/etc/**)' does not begin at the root of the file system: one '/' is the folder of the settings
        write "Read(//etc/**)" for the root, or "Read(./etc/**)" for the working folder
    ~/managed-settings.json:1:271: warning[FML0506]: rule 'Write(secrets/**)' is never asked: paths are looked up in rules for Edit
        write "Edit(secrets/**)"
    ~/managed-settings.json:1:291: warning[FML0506]: rule 'Glob(x)' is never asked: paths are looked up in rules for Read
        write "Read(x)"
    ~/managed-settings.json:1:318: error[FML0505]: rule 'Edit()' has nothing in its brackets, and Claude Code skips it
        write "Edit" for all of it
    "#);
}

#[test]
fn servers_that_are_skipped_and_secrets_that_stand_in_them() {
    let text = r#"{ "mcpServers": {
  "docs": { "url": "https://docs.acme.example/mcp", "description": "x", "auth": { "type": "bearer" } },
  "workspace": { "command": "x" },
  "gone": { "type": "https", "url": "https://x.example" },
  "leaky": { "type": "http", "url": "https://u:p4ss@x.example/mcp?api_key=abcdef12",
             "headers": { "Authorization": "Bearer 0123456789abcdef", "X-Trace": "on" } },
  "fine": { "type": "http", "url": "https://x.example", "headers": { "Authorization": "Bearer ${TOKEN}" } },
  "local": { "command": "npx", "args": ["-y", "@acme/tool", "--token", "s3cr3t-value"], "env": { "DB_PASSWORD": "hunter22" } },
  "pinned": { "command": "npx", "args": ["-y", "@acme/tool@1.2.3"] }
} }"#;
    let told = of_servers(text);
    for secret in ["p4ss", "abcdef12", "0123456789abcdef", "s3cr3t", "hunter22"] {
        assert!(!told.contains(secret), "{secret} is repeated: {told}");
    }
    assert_snapshot!(told, @r#"
    ~/managed-mcp.json:2:3: error[FML0510]: server 'docs' has an address and no type, and is taken for a command
        add "type": "http"; Claude Code would skip the server
    ~/managed-mcp.json:2:53: error[FML0502]: key 'description' does not exist, and Claude Code ignores it without a word
        delete it
    ~/managed-mcp.json:2:73: error[FML0502]: key 'auth' does not exist: the server would be asked without credentials
        write "headers": {"Authorization": "Bearer ${VARIABLE}"}, or 'oauth'
    ~/managed-mcp.json:3:3: error[FML0510]: server 'workspace' has a name that Claude Code keeps for itself
        give it another name: it would be skipped
    ~/managed-mcp.json:4:21: error[FML0510]: 'mcpServers.gone.type' is 'https', which is none of 'stdio', 'http', 'streamable-http', 'sse', 'ws'
        did you mean 'http'?; Claude Code would skip the server
    ~/managed-mcp.json:5:37: error[FML0511]: the address holds a secret, which everybody in the workspace could read
        write '${VARIABLE}' and let the workspace set the variable; replace the secret if this was ever pushed
    ~/managed-mcp.json:6:44: error[FML0511]: header 'Authorization' holds a secret, which everybody in the workspace could read
        write '${VARIABLE}' and let the workspace set the variable; replace the secret if this was ever pushed
    ~/managed-mcp.json:8:40: warning[FML0515]: server 'local' runs whatever version of '@acme/tool' was published last
        name the version; a list of allowed servers must have the same arguments
    ~/managed-mcp.json:8:72: error[FML0511]: an argument holds a secret, which everybody in the workspace could read
        write '${VARIABLE}' and let the workspace set the variable; replace the secret if this was ever pushed
    ~/managed-mcp.json:8:113: error[FML0511]: variable 'DB_PASSWORD' holds a secret, which everybody in the workspace could read
        write '${VARIABLE}' and let the workspace set the variable; replace the secret if this was ever pushed
    "#);
}

#[test]
fn a_lock_that_is_not_used_or_that_a_later_file_takes_back() {
    let files = [
        ("managed-settings.json", r#"{ "allowManagedHooksOnly": true, "permissions": { "deny": ["Bash(dd *)"] } }"#),
        ("managed-settings.d/90-team.json", r#"{ "allowManagedHooksOnly": false }"#),
        ("managed-settings.d/.hidden.json", "{"),
        ("README.md", "not Claude Code's"),
    ];
    assert_snapshot!(told(&check_enterprise(&enterprise(&files))), @r#"
    ~/managed-settings.d/90-team.json:1:28: error[FML0519]: 'allowManagedHooksOnly' is taken back by a later file
        delete it here, or where it is locked
        locked here: ~/managed-settings.json:1:28
    ~/managed-settings.json:1:1: warning[FML0518]: without 'allowManagedHooksOnly' any project can run commands at events
        set 'allowManagedHooksOnly' to true
    ~/managed-settings.json:1:1: warning[FML0518]: without 'allowManagedMcpServersOnly' anybody can add MCP servers
        set 'allowManagedMcpServersOnly' to true
    ~/managed-settings.json:1:1: warning[FML0518]: without 'allowManagedPermissionRulesOnly' anybody can allow more by rules of their own
        set 'allowManagedPermissionRulesOnly' to true
    ~/managed-settings.json:1:1: warning[FML0518]: without 'permissions.disableBypassPermissionsMode' anybody can choose the mode in which nothing is asked
        set 'permissions.disableBypassPermissionsMode' to "disable"
    ~/managed-settings.json:1:1: warning[FML0518]: without 'strictKnownMarketplaces' plugins of any marketplace can be added
        set 'strictKnownMarketplaces' to a list of marketplaces
    "#);
}

#[test]
fn what_a_formula_brings_along_under_the_enterprise() {
    let files = [
        (
            ".claude/settings.json",
            r#"{ "allowManagedHooksOnly": true, "sandbox": { "network": { "strictAllowlist": true } },
  "permissions": { "allow": ["Bash(make test)"], "deny": ["Bash(x)"] },
  "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "\"${CLAUDE_PROJECT_DIR}/.claude/hooks/end.sh\" now" }] }] } }"#,
        ),
        (".mcp.json", r#"{ "mcpServers": { "mlflow": { "command": "mlflow", "args": ["mcp", "run"] } } }"#),
        (".claude/settings.local.json", "{}"),
        (
            ".claude/skills/plot/SKILL.md",
            "---\nname: plotting\ndescription: Draws.\nallowed-tools: Bash(git *)\n---\nText",
        ),
        (".claude/skills/bare/SKILL.md", "Text"),
        (".claude/agents/a.md", "---\nname: helper\ndescription: Helps.\npermissionMode: bypassPermissions\n---\n"),
        (".claude/agents/b.md", "---\nname: helper\n---\n"),
        (".claude/agents/c.md", "---\nname: [\n---\n"),
    ];
    let over = [
        (
            "managed-settings.json",
            r#"{ "allowManagedPermissionRulesOnly": true,
  "allowManagedHooksOnly": true }"#,
        ),
        ("managed-mcp.json", r#"{ "mcpServers": {} }"#),
    ];
    assert_snapshot!(of_formula(&files, &over), @r#"
    formulas/f/coder-template/.claude/agents/a.md:4:17: warning[FML0517]: agent 'helper' asks for nothing to be asked
        leave the mode out; 'disableBypassPermissionsMode' in managed settings takes it from everybody
    formulas/f/coder-template/.claude/agents/b.md:2:1: error[FML0516]: agent 'helper' has no description
        Claude Code would skip it
    formulas/f/coder-template/.claude/agents/b.md:2:7: error[FML0516]: there are two agents 'helper', and either may be taken
        give one another name
        the other one: formulas/f/coder-template/.claude/agents/a.md:2:7
    formulas/f/coder-template/.claude/agents/c.md:2:7: error[FML0516]: the text is not YAML: unclosed bracket '['
        Claude Code would skip it
    formulas/f/coder-template/.claude/settings.json:1:3: error[FML0504]: key 'allowManagedHooksOnly' counts in managed settings alone, and Claude Code ignores it here
        move it to '~/managed-settings.json', or delete it
    formulas/f/coder-template/.claude/settings.json:1:60: error[FML0504]: key 'sandbox.network.strictAllowlist' counts in managed settings and in a person's own alone, and Claude Code ignores it here
        move it to '~/managed-settings.json', or delete it
    formulas/f/coder-template/.claude/settings.json:2:30: warning[FML0508]: rule 'Bash(make test)' does not count: only the enterprise's rules do
        delete it, or have it allowed in '~/managed-settings.json'
        said here: ~/managed-settings.json:1:38
    formulas/f/coder-template/.claude/settings.json:3:67: warning[FML0508]: no hook of a project runs: only the enterprise's do
        move what it does into the workspace's start script, or into managed settings
        said here: ~/managed-settings.json:2:28
    formulas/f/coder-template/.claude/settings.json:3:67: error[FML0509]: the script '.claude/hooks/end.sh' of a hook is not there
        add it beside 'settings.json', or correct the path; it goes from '${CLAUDE_PROJECT_DIR}'
    formulas/f/coder-template/.claude/settings.local.json:1:1: warning[FML0504]: 'settings.local.json' is somebody's own and belongs to no formula
        move what it says to 'settings.json' beside it, or delete it
    formulas/f/coder-template/.claude/skills/bare/SKILL.md:1:1: error[FML0516]: 'formulas/f/coder-template/.claude/skills/bare/SKILL.md' has no head: it must begin with '---', name and description
        it would never be chosen by itself
    formulas/f/coder-template/.claude/skills/plot/SKILL.md:2:7: error[FML0516]: skill 'plotting' lies in the folder 'plot', which is what it is called by
        give both the same name
    formulas/f/coder-template/.claude/skills/plot/SKILL.md:4:16: warning[FML0517]: skill 'plotting' lets tools run unasked while it is used
        leave only what it cannot do without
    formulas/f/coder-template/.mcp.json:1:19: error[FML0513]: server 'mlflow' never loads: 'managed-mcp.json' is there, and excludes all others
        add it to 'managed-mcp.json', or have the enterprise use 'allowManagedMcpServersOnly' with 'allowedMcpServers' instead of that file
        the enterprise's servers: ~/managed-mcp.json:1:17
    "#);
}

#[test]
fn lists_of_servers_decide_by_address_and_by_exact_command() {
    let servers = r#"{ "mcpServers": {
  "docs": { "type": "http", "url": "https://docs.acme.example/mcp/v1" },
  "elsewhere": { "type": "http", "url": "https://evil.example/?docs.acme.example" },
  "tool": { "command": "npx", "args": ["-y", "tool@1"] },
  "other": { "command": "npx", "args": ["-y", "tool@2"] },
  "asks": { "type": "sse", "url": "https://asks.acme.example/${REALM}/${ZONE:-a}" },
  "denied": { "type": "http", "url": "https://denied.acme.example/" }
} }"#;
    let settings = r#"{ "allowManagedMcpServersOnly": true,
  "allowedMcpServers": [{ "serverUrl": "https://*.acme.example/*" }, { "serverCommand": ["npx", "-y", "tool@1"] },
                        { "serverName": "elsewhere" }, { "serverName": "other" }],
  "deniedMcpServers": [{ "serverUrl": "https://denied.*" }],
  "enabledMcpjsonServers": ["docs", "tool"] }"#;
    let files = [(".mcp.json", servers)];
    assert_snapshot!(of_formula(&files, &[("managed-settings.json", settings)]), @r#"
    formulas/f/coder-template/.mcp.json:3:3: error[FML0514]: server 'elsewhere' is blocked: no entry of 'allowedMcpServers' is for it
        add an entry for its 'serverUrl', or its exact 'serverCommand', to 'allowedMcpServers'
        decided here: ~/managed-settings.json:2:24
    formulas/f/coder-template/.mcp.json:5:3: error[FML0514]: server 'other' is blocked: no entry of 'allowedMcpServers' is for it
        add an entry for its 'serverUrl', or its exact 'serverCommand', to 'allowedMcpServers'
        decided here: ~/managed-settings.json:2:24
    formulas/f/coder-template/.mcp.json:6:3: warning[FML0512]: server 'asks' needs the variable 'REALM', which no settings give
        let the workspace set it, or write a default: '${NAME:-value}'
    formulas/f/coder-template/.mcp.json:7:3: error[FML0514]: server 'denied' is blocked: an entry of 'deniedMcpServers' is for it
        add an entry for its 'serverUrl', or its exact 'serverCommand', to 'allowedMcpServers'
        decided here: ~/managed-settings.json:4:24
    "#);
    let files = formula(&files);
    let bundle = Bundle { folder: "formulas/f", files: &files };
    let policy = Policy::of(&enterprise(&[("managed-settings.json", settings)]), Some(&bundle));
    let rows = policy.servers.iter().map(|it| format!("{}: {}", it.name, it.verdict)).collect::<Vec<_>>();
    assert_snapshot!(rows.join("\n"), @r#"
    docs: loads
    elsewhere: blocked: no entry of 'allowedMcpServers' is for it
    tool: loads
    other: blocked: no entry of 'allowedMcpServers' is for it
    asks: loads once somebody in the workspace approves it
    denied: blocked: an entry of 'deniedMcpServers' is for it
    "#);
}

#[test]
fn the_effective_policy_is_folded_with_the_place_of_every_entry() {
    let over = [
        (
            "managed-settings.json",
            r#"{ "permissions": { "deny": ["Read(//**/.env)"], "allow": ["Bash(git diff *)"] },
  "env": { "A": "managed" }, "model": "opus",
  "sandbox": { "network": { "allowManagedDomainsOnly": true, "allowedDomains": ["acme.example"] } } }"#,
        ),
        ("managed-settings.d/10.json", r#"{ "model": "sonnet", "permissions": { "deny": ["Bash(dd *)"] } }"#),
    ];
    let files = formula(&[(
        ".claude/settings.json",
        r#"{ "permissions": { "allow": ["Read(//**/.env)", "Bash(make *)", "bash(x)"], "ask": ["Bash(git diff *)"] },
  "env": { "A": "formula", "B": "formula" }, "allowManagedHooksOnly": true,
  "sandbox": { "network": { "allowedDomains": ["evil.example"] } } }"#,
    )]);
    let bundle = Bundle { folder: "formulas/f", files: &files };
    let policy = Policy::of(&enterprise(&over), Some(&bundle));
    let place = |span: &crate::engine::diag::Span| span.to_string().replace(&format!("{FOLDER}/"), "~/");
    let mut lines = Vec::new();
    for it in &policy.settings {
        let over: String = it.over.iter().map(|it| format!(" over {}", place(it))).collect();
        lines.push(format!("{} = {} {}{over}", it.key, it.value, place(&it.from)));
    }
    for it in policy.rules.iter().chain(&policy.lists) {
        let void = it.void.as_ref().map_or_else(String::new, |why| format!(" VOID {why}"));
        lines.push(format!("{}: {} {}{void}", it.of, it.text, place(&it.from)));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    env.A = "managed" ~/managed-settings.json:2:17 over formulas/f/coder-template/.claude/settings.json:2:17
    env.B = "formula" formulas/f/coder-template/.claude/settings.json:2:33
    model = "sonnet" ~/managed-settings.d/10.json:1:12 over ~/managed-settings.json:2:39
    sandbox.network.allowManagedDomainsOnly = true ~/managed-settings.json:3:56
    deny: Bash(dd *) ~/managed-settings.d/10.json:1:48
    deny: Read(//**/.env) ~/managed-settings.json:1:29
    ask: Bash(git diff *) formulas/f/coder-template/.claude/settings.json:1:85
    allow: Bash(git diff *) ~/managed-settings.json:1:59 VOID overruled by formulas/f/coder-template/.claude/settings.json:1
    allow: Read(//**/.env) formulas/f/coder-template/.claude/settings.json:1:30 VOID overruled by enterprise/claude-code/managed-settings.json:1
    allow: Bash(make *) formulas/f/coder-template/.claude/settings.json:1:49
    allow: bash(x) formulas/f/coder-template/.claude/settings.json:1:65 VOID Claude Code skips it
    sandbox.network.allowedDomains: acme.example ~/managed-settings.json:3:81
    sandbox.network.allowedDomains: evil.example formulas/f/coder-template/.claude/settings.json:3:48 VOID only the enterprise's count
    "#);
}

#[test]
fn the_sample_platform_says_nothing_that_claude_code_would_not_do() {
    let read = |root: &str| {
        let mut files = BTreeMap::new();
        collect(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(root), "", &mut files);
        files
    };
    let enterprise = Enterprise { files: read(FOLDER), broken: false };
    assert!(enterprise.files.contains_key("managed-settings.json"));
    assert_eq!(told(&check_enterprise(&enterprise)), "");
    let files = read("formulas/ml-research");
    assert!(files.keys().any(|path| path.ends_with("SKILL.md")));
    assert_eq!(told(&check_formula(&Bundle { folder: "formulas/ml-research", files: &files }, &enterprise)), "");
}

fn collect(folder: &std::path::Path, prefix: &str, files: &mut BTreeMap<String, FileEntry>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, FileEntry::Blob(std::fs::read(&path).unwrap().into()));
        }
    }
}

/// Where the published schema is at hand, ours accepts what it accepts and refuses what it refuses, key by key. Apart are the
/// names of variables, which the system lets be in small letters too, and rules, which are judged by `rules`.
#[test]
fn our_schemas_agree_with_the_published_ones() {
    let Some(folder) = std::env::var_os("FORMULARY_API_SPECS").map(std::path::PathBuf::from) else {
        assert!(std::env::var_os("CI").is_none(), "FORMULARY_API_SPECS is not set");
        eprintln!("SKIPPED: FORMULARY_API_SPECS is not set, and nothing was compared with the published schemas");
        return;
    };
    let read =
        |name: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap() };
    let published = read("claude-code-settings.schema.json");
    let theirs = jsonschema::validator_for(&published).unwrap();
    let probes = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2.5),
        json!(-1),
        json!(""),
        json!("x"),
        json!("disable"),
        json!("https://x.example"),
        json!([]),
        json!(["x"]),
        json!([1]),
        json!({}),
        json!({ "x": "y" }),
        json!({ "x": true }),
        json!({ "type": "command", "command": "x" }),
        json!([{ "source": "github", "repo": "a/b" }]),
        json!([{ "serverUrl": "x" }]),
        json!([{ "serverUrl": "x", "serverName": "y" }]),
        json!({ "enabled": true }),
    ];
    let mut keys: Vec<(String, Value)> = Vec::new();
    for (key, inner) in published["properties"].as_object().unwrap() {
        keys.push((format!("/{key}"), inner.clone()));
        if inner["additionalProperties"] == json!(false) {
            keys.extend(
                inner["properties"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(nested, it)| (format!("/{key}/{nested}"), it.clone())),
            );
        }
    }
    let mut apart = Vec::new();
    let mut compared = 0;
    for (pointer, described) in keys {
        let words = described["enum"].as_array().into_iter().flatten().cloned();
        for probe in probes.iter().cloned().chain(words) {
            let mut document = probe.clone();
            for key in pointer.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
                document = json!({ key: document });
            }
            compared += 1;
            let ours = schema::violations(Format::ClaudeSettings, &document).is_empty();
            if ours != theirs.is_valid(&document) {
                apart.push(format!("{pointer} {probe}: ours {ours}"));
            }
        }
    }
    assert!(compared > 2_000);
    assert_snapshot!(apart.join("\n"), @r#"
    /env {"x":"y"}: ours true
    /env {"type":"command","command":"x"}: ours true
    /permissions/allow ["x"]: ours true
    /permissions/deny ["x"]: ours true
    /permissions/ask ["x"]: ours true
    "#);
}
