//! The names of templates that a repository can begin with. The real server carries hundreds; these are the usual ones.

use super::call::Call;
use super::reply::{Answer, Reply};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] =
    &[route("GET", "/gitignore/templates", &[], gitignores), route("GET", "/licenses", &[], licenses)];

/// Known `.gitignore` templates.
pub(super) const GITIGNORES: &[&str] = &[
    "AL",
    "Actionscript",
    "Ada",
    "Android",
    "Ansible",
    "C",
    "C++",
    "CMake",
    "Dart",
    "Elixir",
    "Elm",
    "Erlang",
    "Fortran",
    "Go",
    "Gradle",
    "Haskell",
    "Java",
    "JetBrains",
    "Julia",
    "Kotlin",
    "LaTeX",
    "Laravel",
    "Linux",
    "Lua",
    "Maven",
    "Nix",
    "Node",
    "OCaml",
    "Perl",
    "Python",
    "R",
    "Ruby",
    "Rust",
    "Scala",
    "Swift",
    "Terraform",
    "TeX",
    "Unity",
    "Vim",
    "VisualStudio",
    "VisualStudioCode",
    "Windows",
    "Xcode",
    "Zig",
    "macOS",
];

/// Known licences by their SPDX names.
pub(super) const LICENSES: &[&str] = &[
    "0BSD",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "EPL-2.0",
    "EUPL-1.2",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MulanPSL-2.0",
    "OFL-1.1",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

fn gitignores(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::json(200, GITIGNORES.iter().copied().collect()))
}

fn licenses(_: &mut World, call: &Call) -> Answer {
    let show = |key: &&str| serde_json::json!({"key": key, "name": key, "url": format!("{}/api/v1/licenses/{key}", call.base)});
    Ok(Reply::json(200, LICENSES.iter().map(show).collect()))
}
