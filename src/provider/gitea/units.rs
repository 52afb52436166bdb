//! What a team may do: the units of a repository and their levels, in one canonical form.
//!
//! Gitea validates nothing here (guide, section 4): an unknown unit is kept under an empty name, an unknown level
//! counts as none, and a team without any unit is an error 500. So everything is checked before it is sent, and both
//! what is wanted and what is read are brought to one form, in which a unit at `none` is left out and an administrator
//! has every unit at `admin`.

use std::collections::BTreeMap;

use crate::engine::model::Value;

/// Every unit that a repository has, in order.
pub const UNITS: &[&str] = &[
    "repo.actions",
    "repo.code",
    "repo.ext_issues",
    "repo.ext_wiki",
    "repo.issues",
    "repo.packages",
    "repo.projects",
    "repo.pulls",
    "repo.releases",
    "repo.wiki",
];

/// What a team may do in its repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// Administers them.
    Admin,
    /// Has these units; a missing one is at `none`.
    Units(BTreeMap<String, Level>),
    /// The right of `Owners`, which Gitea fixes.
    Owner,
}

/// How far a right on a unit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not at all.
    None,
    /// To look.
    Read,
    /// To change.
    Write,
    /// To administer.
    Admin,
}

/// Why a text does not say what a team may do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUnits {
    /// A piece is not `unit:level`.
    #[error("'{0}' is not 'unit:level'")]
    Piece(String),
    /// There is no such unit.
    #[error("Gitea has no unit '{0}'")]
    Unit(String),
    /// There is no such level.
    #[error("'{0}' is not a level; levels are none, read, write and admin")]
    Level(String),
    /// A unit is named twice.
    #[error("the unit '{0}' is named twice")]
    Twice(String),
}

impl Level {
    /// Reads a level.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Level::None,
            "read" => Level::Read,
            "write" => Level::Write,
            "admin" => Level::Admin,
            _ => return None,
        })
    }

    /// As Gitea writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Read => "read",
            Level::Write => "write",
            Level::Admin => "admin",
        }
    }
}

impl Rights {
    /// One level on everything that a repository always has: code, issues, pull requests, releases, wiki, projects,
    /// packages and actions. Units that point elsewhere (`ext_…`) can only be read.
    pub fn level(level: Level) -> Self {
        if level == Level::Admin {
            return Rights::Admin;
        }
        let of = |unit: &str| if unit.starts_with("repo.ext_") { level.min(Level::Read) } else { level };
        Rights::Units(UNITS.iter().map(|unit| ((*unit).to_owned(), of(unit))).collect()).canonical()
    }

    /// Nothing but membership.
    pub fn nothing() -> Self {
        Rights::Units(BTreeMap::new())
    }

    /// Reads one level for all units, or `code:write, issues:read`; the prefix `repo.` may be left out.
    ///
    /// # Errors
    /// The first piece that says nothing Gitea knows.
    pub fn parse(text: &str) -> Result<Self, BadUnits> {
        if let Some(level) = Level::parse(text.trim()) {
            return Ok(Rights::level(level));
        }
        let mut units = BTreeMap::new();
        for piece in text.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
            let (unit, level) = piece.split_once(':').ok_or_else(|| BadUnits::Piece(piece.to_owned()))?;
            let (unit, level) = (unit.trim(), level.trim());
            let full = if unit.starts_with("repo.") { unit.to_owned() } else { format!("repo.{unit}") };
            if !UNITS.contains(&full.as_str()) {
                return Err(BadUnits::Unit(unit.to_owned()));
            }
            let level = Level::parse(level).ok_or_else(|| BadUnits::Level(level.to_owned()))?;
            if units.insert(full, level).is_some() {
                return Err(BadUnits::Twice(unit.to_owned()));
            }
        }
        Ok(Rights::Units(units).canonical())
    }

    /// What a team that was read may do. Releases up to 1.23 echo the least level as `permission`; only `admin` and
    /// `owner` mean anything. Units without a name are what another client misspelt: they give nothing.
    pub fn read(permission: &str, units: &BTreeMap<String, String>) -> Self {
        match permission {
            "owner" => Rights::Owner,
            "admin" => Rights::Admin,
            _ => Rights::Units(
                units
                    .iter()
                    .filter(|(unit, _)| !unit.is_empty())
                    .map(|(unit, level)| (unit.clone(), Level::parse(level).unwrap_or(Level::None)))
                    .collect(),
            )
            .canonical(),
        }
    }

    /// The rights that two fields of a plan say.
    pub fn from_fields(permission: Option<&Value>, units: Option<&Value>) -> Self {
        match permission.and_then(Value::as_text) {
            Some("owner") => Rights::Owner,
            Some("admin") => Rights::Admin,
            _ => {
                let units = units.and_then(Value::as_map).cloned().unwrap_or_default();
                let level = |value: &Value| value.as_text().and_then(Level::parse).unwrap_or(Level::None);
                Rights::Units(units.iter().map(|(unit, value)| (unit.clone(), level(value))).collect()).canonical()
            }
        }
    }

    /// As a document writes it, so that [`Rights::parse`] gives it back; `None` for the right of `Owners`, which nobody
    /// writes, and for nothing at all, which is said by naming a unit at `none`.
    pub fn to_text(&self) -> Option<String> {
        for level in [Level::None, Level::Read, Level::Write, Level::Admin] {
            if *self == Rights::level(level) {
                return Some(level.as_str().to_owned());
            }
        }
        match self {
            Rights::Owner | Rights::Admin => None,
            Rights::Units(units) => {
                let words = units
                    .iter()
                    .map(|(unit, level)| format!("{}:{}", unit.strip_prefix("repo.").unwrap_or(unit), level.as_str()));
                Some(words.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The field `permission`.
    pub fn permission(&self) -> Value {
        Value::from(match self {
            Rights::Admin => "admin",
            Rights::Owner => "owner",
            Rights::Units(_) => "none",
        })
    }

    /// The field `units`.
    pub fn units(&self) -> Value {
        let text = |level: Level| Value::from(level.as_str());
        Value::Map(match self {
            Rights::Admin | Rights::Owner => {
                UNITS.iter().map(|unit| ((*unit).to_owned(), text(Level::Admin))).collect()
            }
            Rights::Units(units) => units.iter().map(|(unit, level)| (unit.clone(), text(*level))).collect(),
        })
    }

    /// What is sent as `permission`. Gitea stores `none` for everything below `admin`; releases up to 1.23 want the
    /// least level, and get the greatest that the units have, which is what they would compute.
    pub fn wire_permission(&self) -> &'static str {
        match self {
            Rights::Admin | Rights::Owner => "admin",
            Rights::Units(units) => match units.values().max() {
                Some(Level::Admin | Level::Write) => "write",
                _ => "read",
            },
        }
    }

    /// What is sent as `units_map`: every unit, because a map replaces the whole map, an empty one is an error 500,
    /// and a team that was an administrator keeps `admin` on each unit that is not named.
    pub fn wire_units(&self) -> BTreeMap<String, &'static str> {
        let level = |unit: &str| match self {
            Rights::Admin | Rights::Owner => Level::Admin,
            Rights::Units(units) => units.get(unit).copied().unwrap_or(Level::None),
        };
        UNITS.iter().map(|unit| ((*unit).to_owned(), level(unit).as_str())).collect()
    }

    fn canonical(self) -> Self {
        match self {
            Rights::Units(mut units) => {
                units.retain(|_, level| *level != Level::None);
                Rights::Units(units)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(units: &[(&str, &str)]) -> BTreeMap<String, String> {
        units.iter().map(|(unit, level)| ((*unit).to_owned(), (*level).to_owned())).collect()
    }

    #[test]
    fn what_is_wanted_equals_what_is_read_back() {
        for text in ["code:write, issues:write,pulls:write", "repo.code:read", "", "wiki:none", "write", "none"] {
            let wanted = Rights::parse(text).unwrap();
            let stored: BTreeMap<String, String> =
                wanted.wire_units().into_iter().map(|(unit, level)| (unit, level.to_owned())).collect();
            // 1.27 answers `none` whatever permission was sent; 1.23 echoes it.
            for permission in ["none", wanted.wire_permission()] {
                let read = Rights::read(permission, &stored);
                assert_eq!((read.permission(), read.units()), (wanted.permission(), wanted.units()), "{text}");
            }
        }
    }

    #[test]
    fn an_administrator_has_every_unit_whatever_the_answer_lists() {
        let admin = Rights::read("admin", &map(&[("repo.code", "admin"), ("repo.new_in_2030", "admin")]));
        assert_eq!(admin.units(), Rights::level(Level::Admin).units());
        assert_eq!(admin.units().as_map().unwrap().len(), UNITS.len());
    }

    #[test]
    fn what_others_misspelt_gives_nothing() {
        let read = Rights::read("none", &map(&[("", "read"), ("repo.code", "maintain"), ("repo.wiki", "none")]));
        assert_eq!(read, Rights::nothing());
    }

    #[test]
    fn nothing_is_still_sent_as_a_whole_map() {
        assert_eq!(Rights::nothing().wire_units().len(), UNITS.len());
        assert!(Rights::nothing().wire_units().values().all(|level| *level == "none"));
    }

    #[test]
    fn units_that_point_elsewhere_are_only_read() {
        let units = Rights::level(Level::Write).units();
        assert_eq!(units.as_map().unwrap()["repo.ext_wiki"], Value::from("read"));
        assert_eq!(units.as_map().unwrap()["repo.code"], Value::from("write"));
    }

    #[test]
    fn a_text_that_says_nothing_is_named() {
        assert_eq!(Rights::parse("code"), Err(BadUnits::Piece("code".into())));
        assert_eq!(Rights::parse("magic:read"), Err(BadUnits::Unit("magic".into())));
        assert_eq!(Rights::parse("code:maintain"), Err(BadUnits::Level("maintain".into())));
        assert_eq!(Rights::parse("code:read, repo.code:write"), Err(BadUnits::Twice("repo.code".into())));
    }
}
