//! Uploaded archives: one of each for everybody who uploads it.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::archive::{Zip, extract, pack, unzip};
use super::call::Call;
use super::ids::parse_uuid;
use super::reply::{Answer, Reply, not_found, not_modelled, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] =
    &[route("POST", "/api/v2/files", upload), route("GET", "/api/v2/files/{file}", download)];

/// The largest upload in bytes.
pub(super) const MOST_BYTES: usize = 100 << 20;

/// An archive as it is kept: always a tar.
#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    pub(super) owner_id: String,
    hash: String,
    pub(super) tar: Vec<u8>,
}

fn upload(world: &mut World, call: &Call) -> Answer {
    let media = call.header("content-type");
    if !matches!(media, "application/x-tar" | "application/zip" | "application/x-zip-compressed") {
        return Err(refuse(400, format!("Unsupported content type header \"{media}\".")));
    }
    if call.body.len() > MOST_BYTES {
        return Err(refuse(400, "Failed to read file from request.").detail("http: request body too large"));
    }
    let tar = if media == "application/x-tar" {
        call.body.to_vec()
    } else {
        match unzip(&call.body) {
            Zip::Files(files) => pack(&files),
            Zip::Compressed => return Err(not_modelled()),
            Zip::Broken => {
                return Err(refuse(400, "Incomplete .zip archive file.").detail("zip: not a valid zip file"));
            }
        }
    };
    let owner_id = call.caller_id().to_owned();
    let digest = Sha256::digest(&tar);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let known = world.files.iter().find(|(_, file)| file.owner_id == owner_id && file.hash == hash);
    if let Some((id, _)) = known {
        return Ok(Reply::ok(json!({ "hash": id })));
    }
    if !world.may(call, "create", Object::site("file").of(&owner_id)) {
        return Err(super::reply::denied("Internal error saving file.", ""));
    }
    let id = world.ids.uuid();
    world.files.insert(id.clone(), StoredFile { owner_id, hash, tar });
    Ok(Reply::json(201, json!({ "hash": id })))
}

impl World {
    /// Whether the caller may read a file: it is hers, or she may read all, or she may change a template that uses it.
    pub(super) fn may_read_file(&self, call: &Call, id: &str) -> bool {
        self.files.get(id).is_some_and(|file| self.may(call, "read", Object::site("file").of(&file.owner_id)))
            || self.may(call, "update", Object::organization("template"))
                && self.versions.values().any(|version| version.file_id == id && version.template_id.is_some())
    }
}

fn download(world: &mut World, call: &Call) -> Answer {
    let id = parse_uuid(call.param("file")).map_err(|_| refuse(400, "File id must be a valid UUID."))?;
    let file = world.files.get(&id).filter(|_| world.may_read_file(call, &id)).ok_or_else(not_found)?;
    match call.ask("format") {
        "" => Ok(Reply::bytes(200, "application/x-tar", file.tar.clone())),
        "zip" if extract(&file.tar).is_ok() => Err(not_modelled()),
        _ => Err(refuse(400, "Unsupported conversion format.")),
    }
}
