//! The ConfigMap itself.

use serde_json::json;

use super::Tour;

pub async fn it_comes_changes_and_stays(tour: &mut Tour) {
    tour.nothing_left("an empty mono-repo").await;
    tour.policy("Bash(dd *)");
    tour.write_at("enterprise/claude-code/managed-mcp.json", "{ \"mcpServers\": {} }\n");
    let create = tour.step("create");
    tour.leg("two files", &[&create]).await;
    let map = tour.hand.get(&tour.path()).await;
    assert_eq!(map["metadata"]["labels"]["app.kubernetes.io/managed-by"], json!("formulary"));
    assert_eq!(map["data"]["managed-mcp.json"], json!("{ \"mcpServers\": {} }\n"), "byte by byte: {map}");
    assert_eq!(map["metadata"]["annotations"]["formulary.dev/content-sha256"].as_str().map(str::len), Some(64));

    tour.policy("Bash(sudo *)");
    let shown = tour.reading().await.shown();
    assert!(shown.contains("+ permissions.deny: \"Bash(sudo *)\""), "told by its values: {shown}");
    let update = tour.step("update");
    tour.leg("another rule", &[&update]).await;
    assert!(tour.data().await["managed-settings.json"].as_str().unwrap().contains("sudo"));

    tour.remove_at("enterprise/claude-code/managed-mcp.json");
    tour.leg("a file less", &[&update]).await;
    assert!(tour.data().await["managed-mcp.json"].is_null());

    // Pods that mount it could not start without it.
    tour.remove_at("enterprise/claude-code/managed-settings.json");
    tour.any_leg("no file at all").await;
    assert!(tour.hand.sees(&tour.path()).await);
}

/// The server knows who holds a value (guide, section 3): who it is stands in the plan, and nothing is forced by default.
pub async fn what_somebody_else_wrote_is_theirs_until_it_is_taken_over(tour: &mut Tour) {
    tour.policy("Bash(dd *)");
    tour.any_leg("as declared").await;
    tour.edit(|map| map["data"]["managed-settings.json"] = "{}".into()).await;
    let reading = tour.reading().await;
    assert!(tour.reading().await.steps().is_empty(), "{}", reading.shown());
    let shown = reading.shown().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("'managed-settings.json' is held by 'kubectl-edit' (written, at "), "{shown}");

    tour.option("conflicts: take-over");
    let shown = tour.reading().await.shown().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("(by managed-settings.json: 'kubectl-edit' (written, at "), "{shown}");
    let update = tour.step("update");
    tour.leg("taken over", &[&update]).await;
    assert!(tour.data().await["managed-settings.json"].as_str().unwrap().contains("dd"));
}

pub async fn what_was_there_is_adopted(tour: &mut Tour) {
    tour.make(json!({ "data": { "managed-settings.json": "{}" } })).await;
    tour.policy("Bash(dd *)");
    let (adopt, update) = (format!("{} (adoptions)", tour.step("adopt")), tour.step("update"));
    tour.leg("made by somebody: it gets our labels, and the content stays theirs", &[&update, &adopt]).await;
    assert_eq!(tour.data().await["managed-settings.json"], json!("{}"));
    tour.option("conflicts: take-over");
    tour.leg("taken over", &[&update]).await;
    assert!(tour.data().await["managed-settings.json"].as_str().unwrap().contains("dd"));
}

pub async fn other_keys_stay_until_they_are_pruned(tour: &mut Tour) {
    tour.policy("Bash(dd *)");
    tour.any_leg("as declared").await;
    tour.edit(|map| map["data"]["notes"] = "by hand".into()).await;
    tour.nothing_left("a key that nobody declared").await;
    assert_eq!(tour.data().await["notes"], json!("by hand"));
    tour.option("prune: true");
    let update = tour.step("update");
    tour.leg("pruned", &[&update]).await;
    assert!(tour.data().await["notes"].is_null());
}

pub async fn an_immutable_one_is_a_conflict(tour: &mut Tour) {
    tour.make(json!({ "data": { "managed-settings.json": "{}" }, "immutable": true })).await;
    tour.policy("Bash(dd *)");
    let reading = tour.reading().await;
    let conflict = tour.named(&tour.step("conflict"));
    assert!(reading.changes().contains(&conflict), "{}", reading.shown());
    assert!(reading.shown().contains("it is immutable"), "{}", reading.shown());
    assert!(tour.reading().await.steps().is_empty());
}

pub async fn a_lost_ledger_is_found_again(tour: &mut Tour) {
    tour.policy("Bash(dd *)");
    tour.any_leg("as declared").await;
    tour.forget().await;
    let adopt = format!("{} (takes over)", tour.step("adopt"));
    tour.leg("a new ledger", &[&adopt]).await;
    tour.policy("Bash(sudo *)");
    let update = tour.step("update");
    tour.leg("goes on", &[&update]).await;
}

/// The body of an apply is read as YAML, which eats some characters in silence.
pub async fn every_character_arrives(tour: &mut Tour) {
    let text = "# acme \u{2028} next\u{85}line \u{7f}\u{9f} é 你好 🙂 \u{feff} / \\/ \t\u{ffff} end  \n\n";
    tour.write_at("enterprise/claude-code/CLAUDE.md", text);
    let create = tour.step("create");
    tour.leg("a text", &[&create]).await;
    assert_eq!(tour.data().await["CLAUDE.md"], json!(text));
}
