//! Snapshots of what a small mono-repo means in a realm.
