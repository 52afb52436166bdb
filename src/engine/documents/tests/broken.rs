//! Broken and hostile repositories: what is said, what is held, what is left.

use super::*;

fn with(more: &[(&'static str, String)]) -> String {
    let mut files = small_company();
    files.extend(more.iter().cloned());
    show(&load_texts(&files))
}

fn instead(path: &str, text: String) -> String {
    let mut files = small_company();
    files.iter_mut().find(|(it, _)| *it == path).unwrap().1 = text;
    show(&load_texts(&files))
}

#[test]
fn references_that_lead_nowhere() {
    insta::assert_snapshot!(with(&[("users/dora.yaml", user("dora", "acme, cora"))]), @r#"
    users/dora.yaml:6:20: error[FML0301]: 'group:default/cora' is not declared anywhere (did you mean 'core'?)
    held: group:default/cora user:default/dora
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(with(&[("users/t.yaml", group("t", "type: team, parent: acmee, children: [], members: [alcie]"))]), @r#"
    users/t.yaml:4:28: error[FML0301]: 'group:default/acmee' is not declared anywhere (did you mean 'acme'?)
    held: group:default/acmee group:default/t
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(with(&[("users/t.yaml", group("t", "type: team, parent: acme, children: [nothing], members: [alcie]"))]), @r#"
    users/t.yaml:4:45: error[FML0301]: 'group:default/nothing' is not declared anywhere (declare it, or refer to a team)
    users/t.yaml:4:65: error[FML0301]: 'user:default/alcie' is not declared anywhere (did you mean 'alice'?)
    held: group:default/nothing user:default/alcie
    memberships: group:default/t
    left: group:default/acme group:default/core group:default/t group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
}

#[test]
fn references_to_the_wrong_thing() {
    insta::assert_snapshot!(with(&[("users/t.yaml", team("t", "user:alice")), ("users/dora.yaml", user("dora", "acme, 'user:bob'"))]), @r#"
    users/dora.yaml:6:20: error[FML0312]: 'user:default/bob' is not an organisation or a team (refer to an organisation or a team)
    users/t.yaml:4:28: error[FML0312]: 'user:default/alice' is not an organisation or a team (refer to an organisation or a team)
    held: group:default/t user:default/dora
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    let request = "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: w}\nspec: {type: workspace, owner: alice, scaffoldedFrom: ml, parameters: {x: {$text: a}}}\n";
    insta::assert_snapshot!(with(&[("users/w.yaml", request.into())]), @r#"
    users/w.yaml:4:75: error[FML0213]: Backstage would replace '$text' in parameters by a file (write the value itself)
    held: resource:default/w
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(with(&[("users/w.yaml", request.replace("{$text: a}", "1"))]), @r#"
    users/w.yaml:4:32: error[FML0301]: 'group:default/alice' is not declared anywhere (there is a user of that name: write 'user:alice')
    users/w.yaml:4:55: error[FML0301]: 'template:default/ml' is not declared anywhere (declare it, or refer to a template)
    held: group:default/alice resource:default/w template:default/ml
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
}

#[test]
fn declared_twice() {
    insta::assert_snapshot!(with(&[("users/labs/alice.yaml", user("Alice", "acme"))]), @r#"
    users/labs/alice.yaml:1:1: error[FML0302]: 'user:default/alice' is declared twice (remove one of them, or rename one)
    held: user:default/alice
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
    let other =
        user("alice", "default/acme").replace("name: alice", "name: alice, namespace: labs").replace("alice@", "a@");
    insta::assert_snapshot!(with(&[("users/labs/alice.yaml", other)]), @r#"
    users/labs/alice.yaml:3:18: error[FML0303]: 'user:labs/alice' has the name of 'user:default/alice' (a name is an account name everywhere on the platform: rename one of them)
    held: user:default/alice user:labs/alice
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
}

#[test]
fn groups_in_a_circle() {
    insta::assert_snapshot!(
        with(&[
            ("users/p.yaml", team("p", "q")),
            ("users/q.yaml", team("q", "r")),
            ("users/r.yaml", team("r", "p")),
            ("users/w.yaml", team("w", "p")),
            ("users/v.yaml", team("v", "v")),
            ("users/dora.yaml", user("dora", "acme, w")),
        ]),
        @r#"
    users/p.yaml:1:1: note[FML0401]: 'group:default/p' stands as it is; what depends on it waits: group:default/w (correct the document; nothing that it declared before is touched meanwhile)
    users/p.yaml:4:28: error[FML0304]: teams contain each other: p → q → r → p (take one of the parents out)
    users/v.yaml:4:28: error[FML0304]: teams contain each other: v → v (take one of the parents out)
    held: group:default/p group:default/q group:default/r group:default/v group:default/w
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol user:default/dora
    "#
    );
}

#[test]
fn teams_need_one_parent() {
    insta::assert_snapshot!(
        with(&[
            ("users/labs.yaml", group("labs", "type: organization, children: [core]")),
            ("users/lost.yaml", group("lost", "type: team, children: []")),
            ("users/dept.yaml", group("dept", "type: organisation, children: []")),
        ]),
        @r#"
    users/acme/teams/core.yaml:1:1: note[FML0401]: 'group:default/core' stands as it is; what depends on it waits: group:default/tools (correct the document; nothing that it declared before is touched meanwhile)
    users/acme/teams/core.yaml:4:28: error[FML0313]: team 'group:default/core' has two parents, 'group:default/acme' and 'group:default/labs' (keep one of them)
    users/dept.yaml:4:14: warning[FML0211]: group type 'organisation' is provisioned nowhere (did you mean 'organization'?)
    users/lost.yaml:3:18: error[FML0306]: team 'group:default/lost' is in no organisation (add 'parent: <organisation>' to its 'spec')
    held: group:default/core group:default/lost group:default/tools
    placement is open
    left: group:default/acme group:default/dept group:default/labs user:default/alice user:default/bob user:default/carol
    "#
    );
    let mut deep: Vec<(String, String)> = vec![("users/o.yaml".into(), organisation("o"))];
    deep.extend((0..18).map(|level| {
        let parent = if level == 0 { "o".to_owned() } else { format!("t{}", level - 1) };
        (format!("users/t{level}.yaml"), team(&format!("t{level}"), &parent))
    }));
    let loaded = load(&snapshot(deep), &Options::default());
    insta::assert_snapshot!(show(&loaded), @r#"
    users/t16.yaml:1:1: note[FML0401]: 'group:default/t16' stands as it is; what depends on it waits: group:default/t17 (correct the document; nothing that it declared before is touched meanwhile)
    users/t16.yaml:4:28: error[FML0315]: team 'group:default/t16' stands 17 levels below its organisation (teams may stand 16 levels deep)
    held: group:default/t16 group:default/t17
    placement is open
    left: group:default/o group:default/t0 group:default/t1 group:default/t10 group:default/t11 group:default/t12 group:default/t13 group:default/t14 group:default/t15 group:default/t2 group:default/t3 group:default/t4 group:default/t5 group:default/t6 group:default/t7 group:default/t8 group:default/t9
    "#);
}

#[test]
fn people_need_an_organisation() {
    insta::assert_snapshot!(with(&[("users/dora.yaml", user("dora", "")), ("users/eve.yaml", user("eve", "core"))]), @r#"
    users/dora.yaml:6:3: error[FML0307]: 'user:default/dora' is in no organisation (name their home organisation first in 'memberOf')
    users/eve.yaml:6:3: error[FML0307]: 'user:default/eve' is in no organisation (name their home organisation first in 'memberOf')
    held: user:default/dora user:default/eve
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(
        with(&[
            ("users/labs.yaml", organisation("labs")),
            ("users/dora.yaml", user("dora", "labs, core")),
            ("users/robots.yaml", group("robots", "type: team, parent: labs, children: [], members: [bob]")),
        ]),
        @r#"
    users/dora.yaml:6:20: error[FML0308]: 'user:default/dora' is in team 'core' and not in its organisation 'acme' (add 'acme' to their 'memberOf', or take the team out)
    users/robots.yaml:4:58: error[FML0308]: 'user:default/bob' is in team 'robots' and not in its organisation 'labs' (add 'labs' to their 'memberOf', or take the team out)
    held: user:default/dora
    memberships: group:default/robots
    left: group:default/acme group:default/core group:default/labs group:default/robots group:default/tools user:default/alice user:default/bob user:default/carol
    "#
    );
}

#[test]
fn addresses() {
    let dora = user("dora", "acme").replace("dora@acme.example", "ALICE@acme.example");
    insta::assert_snapshot!(with(&[("users/dora.yaml", dora)]), @r#"
    users/dora.yaml:5:20: error[FML0305]: 'user:default/dora' has the e-mail address of 'user:default/alice': ALICE@acme.example (give each the address that is theirs alone)
    held: user:default/alice user:default/dora
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
    let acme = annotated(&organisation("acme"), "formulary.dev/email-domains: 'acme.exmaple, labs.example'");
    insta::assert_snapshot!(instead("users/acme/organisation.yaml", acme), @r#"
    users/acme/alice.yaml:5:20: warning[FML0311]: address 'alice@acme.example' is outside the domains of 'acme' (did you mean 'acme.exmaple'?)
    users/acme/bob.yaml:5:20: warning[FML0311]: address 'bob@acme.example' is outside the domains of 'acme' (did you mean 'acme.exmaple'?)
    users/acme/carol.yaml:5:20: warning[FML0311]: address 'carol@acme.example' is outside the domains of 'acme' (did you mean 'acme.exmaple'?)
    held: 
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
}

#[test]
fn former_names() {
    let formerly =
        |name: &str, former: &str| annotated(&user(name, "acme"), &format!("formulary.dev/previously: {former}"));
    insta::assert_snapshot!(with(&[("users/dora.yaml", formerly("dora", "Alice"))]), @r#"
    users/dora.yaml:3:52: error[FML0309]: former name 'Alice' is in use (remove the former name, or rename the one that has it now)
    held: user:default/dora
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(with(&[("users/dora.yaml", formerly("dora", "d")), ("users/eve.yaml", formerly("eve", "d"))]), @r#"
    users/eve.yaml:3:52: error[FML0310]: 'user:default/eve' and 'user:default/dora' both claim the former name 'd' (keep it where the accounts are meant to go)
    held: user:default/dora user:default/eve
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
    let mut files = small_company();
    files[3].1 = "apiVersion: backstage.io/v1alpha1\nkind: [User\nname: alice\n".into();
    files.push(("users/dora.yaml", formerly("dora", "alice")));
    insta::assert_snapshot!(show(&load_texts(&files)), @r#"
    users/acme/alice.yaml:3:5: error[FML0108]: the text is not YAML: illegal placement of ':' indicator (correct the text at this place)
    users/dora.yaml:3:52: note[FML0402]: 'user:default/alice' may be declared in 'users/acme/alice.yaml', which cannot be read (correct 'users/acme/alice.yaml')
    held: user:default/alice user:default/dora
    paths: users/acme/alice.yaml
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
}

#[test]
fn annotations_out_of_place_and_services_that_do_not_exist() {
    let dora =
        annotated(&user("dora", "acme"), "formulary.dev/email-domains: a.b, formulary.dev/services: '+gitaa, -gitea'");
    let eve = annotated(&user("eve", "acme"), "formulary.dev/services: '+gitea, -gitea'");
    let mut files = small_company();
    files.extend([("users/dora.yaml", dora), ("users/eve.yaml", eve)]);
    let services = Some(BTreeSet::from(["gitea".to_owned(), "keycloak".to_owned()]));
    let loaded = load(&snapshot(files), &Options { services, ..Options::default() });
    insta::assert_snapshot!(show(&loaded), @r#"
    users/dora.yaml:3:55: warning[FML0212]: annotation 'formulary.dev/email-domains' has no effect on 'user:default/dora' (it is for organization)
    users/dora.yaml:3:84: error[FML0314]: service 'gitaa' does not exist (did you mean 'gitea'?)
    users/eve.yaml:3:50: error[FML0208]: annotation 'formulary.dev/services': 'gitea' is both added and taken away (write 'none', names separated by commas, or each with '+' or '-')
    held: user:default/dora user:default/eve
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#);
}

#[test]
fn a_broken_organisation_holds_everybody_in_it() {
    insta::assert_snapshot!(instead("users/acme/organisation.yaml", organisation("acme").replace("children", "childern")), @r#"
    users/acme/organisation.yaml:1:1: note[FML0401]: 'group:default/acme' stands as it is; 5 entities that depend on it wait: group:default/core, user:default/alice, user:default/bob, user:default/carol, group:default/tools (correct the document; nothing that it declared before is touched meanwhile)
    users/acme/organisation.yaml:4:1: error[FML0203]: field 'children' is missing in 'spec' ('childern' looks like it; write 'children')
    users/acme/organisation.yaml:4:28: warning[FML0214]: field 'childern' is one of your own and looks like 'children' (did you mean 'children'?)
    held: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    placement is open
    left:
    "#);
    insta::assert_snapshot!(instead("users/acme/organisation.yaml", organisation("acme").replace("metadata", "metadata: [")), @r#"
    users/acme/organisation.yaml:4:1: error[FML0108]: the text is not YAML: expected ',' or '}' (close the bracket, or put a comma between the values)
    users/acme/teams/core.yaml:4:28: note[FML0402]: 'group:default/acme' may be declared in 'users/acme/organisation.yaml', which cannot be read; 5 entities that depend on it wait: group:default/core, user:default/alice, user:default/bob, user:default/carol, group:default/tools (correct 'users/acme/organisation.yaml')
    held: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    paths: users/acme/organisation.yaml
    placement is open
    left:
    "#);
}

#[test]
fn a_broken_team_or_person_holds_itself() {
    insta::assert_snapshot!(instead("users/acme/teams/core.yaml", team("core", "acme").replace("type: team", "type: 3")), @r#"
    users/acme/teams/core.yaml:1:1: note[FML0401]: 'group:default/core' stands as it is; what depends on it waits: group:default/tools (correct the document; nothing that it declared before is touched meanwhile)
    users/acme/teams/core.yaml:4:14: error[FML0204]: 'spec.type' is a number, not text (put it in quotes: "3")
    held: group:default/core group:default/tools
    placement is open
    left: group:default/acme user:default/alice user:default/bob user:default/carol
    "#);
    insta::assert_snapshot!(instead("users/acme/alice.yaml", user("alice", "acme, core").replace("kind: User", "kind: User\nkind: Group")), @r#"
    users/acme/alice.yaml:2:7: error[FML0201]: the document cannot be identified, because 'kind' appears twice (keep one of them)
    users/acme/alice.yaml:3:1: error[FML0110]: key 'kind' appears twice (keep one of them)
    held: 
    paths: users/acme/alice.yaml
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
    let headless = user("alice", "acme").replace("apiVersion: backstage.io/v1alpha1\n", "");
    insta::assert_snapshot!(instead("users/acme/alice.yaml", headless), @r#"
    users/acme/alice.yaml:1:7: error[FML0201]: the document looks like an entity and has no 'apiVersion' (add 'apiVersion: backstage.io/v1alpha1')
    held: 
    paths: users/acme/alice.yaml
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/bob user:default/carol
    "#);
}

#[test]
fn kinds_and_versions() {
    let document = |version: &str, kind: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{memberOf: [acme]}}\n")
    };
    insta::assert_snapshot!(
        with(&[
            ("users/1.yaml", document("backstage.io/v1alpha1", "Usr")),
            ("users/2.yaml", document("backstage.io/v1alpha1", "user")),
            ("users/3.yaml", document("backstage.io/v1beta2", "User").replace("name: x", "name: z")),
            ("users/4.yaml", document("backstge.io/v1alpha1", "User")),
            ("users/5.yaml", document("backstage.io/v1alpha1", "User").replace("name: x", "name: 'x y'")),
            ("users/6.yaml", document("backstage.io/v1alpha1", "User").replace("metadata: {name: x}", "metadata: {}")),
            ("users/7.yaml", "- apiVersion: backstage.io/v1alpha1\n  kind: User\n".into()),
        ]),
        @r#"
    users/1.yaml:2:7: error[FML0202]: kind 'Usr' does not exist (did you mean 'User'?)
    users/2.yaml:2:7: error[FML0202]: kind 'user' does not exist (write 'User')
    users/3.yaml:1:13: error[FML0202]: kind 'User' does not exist in 'backstage.io/v1beta2' (write 'backstage.io/v1alpha1')
    users/4.yaml:1:13: error[FML0201]: the version of a document's format is unknown (did you mean 'backstage.io/v1alpha1'?)
    users/5.yaml:3:18: error[FML0201]: 'x y' is not a name (names have 1 to 63 letters and digits, with '-', '_' and '.' inside)
    users/6.yaml:3:11: error[FML0201]: the document has no 'metadata.name' (names have 1 to 63 letters and digits, with '-', '_' and '.' inside)
    users/7.yaml:1:1: error[FML0201]: entities stand in a list (make each a document of its own, with a line '---' between them)
    held: user:default/x user:default/z
    paths: users/1.yaml users/4.yaml users/5.yaml users/6.yaml users/7.yaml
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol
    "#
    );
}

#[test]
fn files_that_cannot_be_read() {
    let mut snapshot = snapshot(small_company());
    let mut insert = |path: &str, entry| snapshot.files.insert(path.to_owned(), entry);
    insert("users/a.yaml", FileEntry::Blob(b"kind: \xe9\n".as_slice().into()));
    insert("users/b.yaml", FileEntry::from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"));
    insert("users/c.yaml", FileEntry::TooLarge(5_000_000));
    insert("users/d.yaml", FileEntry::Unreadable("object is missing".into()));
    insert("users/e.yaml", FileEntry::Symlink("../../etc/passwd".into()));
    insert("users/f", FileEntry::Symlink("..".into()));
    insert("users/g", FileEntry::Submodule);
    insert("users/acme/README.md", FileEntry::Symlink("../README.md".into()));
    insert("users/closed.folder", FileEntry::Unreadable("permission denied".into()));
    insert("users/../h.yaml", FileEntry::from("kind: User"));
    insert("/i.yaml", FileEntry::from("kind: User"));
    insert("users/j.yaml", FileEntry::from("kind: User\n\tx: 1\n"));
    insert("users/k.yaml", FileEntry::from("a: &a [*a]\n---\nb: [1\n---\nkind: User\nmetadata: {name: k}\n"));
    insert("users/ok.yaml", FileEntry::from(format!("\u{feff}{}", user("ok", "acme").replace('\n', "\r\n")).as_str()));
    // Another tool's file in a folder without entities: only a warning.
    insert("charts/templates/x.yaml", FileEntry::from("{{- if .Values.x }}\nname: {{ .Values.name }}\n{{- end }}\n"));
    insert("charts/AGENTS.md", FileEntry::Symlink("README.md".into()));
    insta::assert_snapshot!(show(&load(&snapshot, &Options::default())), @r#"
    /i.yaml:1:1: error[FML0107]: path '/i.yaml' is not acceptable; the file is not read (remove the entry, and find out who made the commit)
    charts/templates/x.yaml:1:3: warning[FML0108]: the text is not YAML: "-" is only valid inside a block (correct the text at this place)
    users/../h.yaml:1:1: error[FML0107]: path 'users/../h.yaml' is not acceptable; the file is not read (remove the entry, and find out who made the commit)
    users/a.yaml:1:7: error[FML0103]: file 'users/a.yaml' is not UTF-8 (byte 0xe9 is out of place) (save it as UTF-8)
    users/b.yaml:1:1: error[FML0104]: file 'users/b.yaml' is a pointer of Git LFS, not the document (keep documents out of LFS: 'git lfs untrack', then 'git add --renormalize')
    users/c.yaml:1:1: error[FML0102]: file 'users/c.yaml' has 5000000 bytes and is not read (split it into several files)
    users/closed.folder:1:1: error[FML0101]: 'users/closed.folder' cannot be read: permission denied (make it readable)
    users/d.yaml:1:1: error[FML0101]: 'users/d.yaml' cannot be read: object is missing (make it readable)
    users/e.yaml:1:1: error[FML0105]: 'users/e.yaml' is a symbolic link to '../../etc/passwd', which is not followed (put what it leads to there itself)
    users/f:1:1: error[FML0105]: 'users/f' is a symbolic link to '..', which is not followed (put what it leads to there itself)
    users/g:1:1: error[FML0106]: 'users/g' is a submodule, which is not entered (bring the files into this repository)
    users/j.yaml:1:7: error[FML0108]: the text is not YAML: found a tab (indent by spaces; YAML allows no tabs there)
    users/k.yaml:3:4: error[FML0108]: the text is not YAML: unclosed bracket '[' (close the bracket, or put a comma between the values)
    users/k.yaml:5:7: error[FML0201]: the document looks like an entity and has no 'apiVersion' (add 'apiVersion: backstage.io/v1alpha1')
    held: 
    paths: users/a.yaml users/b.yaml users/c.yaml users/closed.folder users/d.yaml users/e.yaml users/f users/g users/j.yaml users/k.yaml
    foreign: charts/AGENTS.md charts/templates/x.yaml users/acme/README.md
    placement is open
    left: group:default/acme group:default/core group:default/tools user:default/alice user:default/bob user:default/carol user:default/ok
    "#);
}
