//! What a steady cycle costs: as many calls whatever there is, and one more for each template.

use serde_json::json;

use super::{TERRAFORM, Tour};
use crate::documents::person;

/// A list of people, two of templates, one of workspaces, and what any service may cost beside its lists.
const BOUND: usize = 4 + 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steady_cycle_costs_its_lists() {
    let mut tour = Tour::emulated().await;
    tour.company();
    tour.formula("1.0.0", TERRAFORM);
    let mut costs = Vec::new();
    for (from, to) in [(0, 1), (1, 4), (4, 12)] {
        for number in from..to {
            let name = format!("~p{number}");
            tour.write(&format!("p{number}"), person(&name, "Somebody", &["~acme"]));
            let request = json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "Resource", "metadata": { "name": format!("~desk-{number}") },
                "spec": {
                    "type": "workspace", "owner": format!("user:{name}"), "scaffoldedFrom": "~ml", "parameters": {},
                },
            });
            tour.write_text(&format!("desk-{number}"), &request.to_string());
        }
        tour.any_leg("as declared").await;
        let (served, _) = tour.served.as_ref().unwrap();
        served.requests().reset();
        tour.nothing_left("a steady cycle").await;
        costs.push(served.requests().count());
    }
    assert!(costs.iter().all(|it| *it == costs[0]), "{costs:?}");
    assert!(costs[0] <= (BOUND + 1) as u64, "{costs:?}");
}
