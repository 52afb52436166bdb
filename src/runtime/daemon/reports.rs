//! Where reports are left: a folder beside the ledger, with the latest and a bounded number of those before.

use std::io::{self, Write};
use std::path::PathBuf;

use super::report::CycleReport;
use crate::runtime::reconcile::Cycled;

/// Reports that are kept beside the latest.
const KEPT: usize = 100;

/// The folder with reports. A reader never sees half of one: each is written beside its place and moved there.
#[derive(Debug)]
pub struct Reports {
    folder: PathBuf,
}

impl Reports {
    /// Reports in a folder, which is made when the first is written.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Leaves a report: as the latest and, when it says something, under its own name.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn leave(&self, report: &CycleReport, cycled: Option<&Cycled>) -> io::Result<()> {
        let page = report.page(cycled);
        let document = format!("{:#}\n", report.document(cycled));
        let dated = format!("{}-cycle-{:06}", report.began.format("%Y-%m-%dT%H-%M-%SZ"), report.number);
        self.write(&dated, report.is_remarkable(), &page, &document)
    }

    fn write(&self, dated: &str, keep: bool, page: &str, document: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        for (ending, text) in [("txt", page), ("json", document)] {
            if keep {
                self.put(&format!("{dated}.{ending}"), text)?;
            }
            self.put(&format!("latest.{ending}"), text)?;
            self.prune(ending)?;
        }
        Ok(())
    }

    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        // Readable for our own account only: a report names people.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.folder.join(name)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes the oldest beyond what is kept: their names begin with their moment.
    fn prune(&self, ending: &str) -> io::Result<()> {
        let mut dated = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
            if name.starts_with(|c: char| c.is_ascii_digit()) && path.extension().is_some_and(|it| it == ending) {
                dated.push(path);
            }
        }
        dated.sort();
        let over = dated.len().saturating_sub(KEPT);
        dated.iter().take(over).try_for_each(std::fs::remove_file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_always_there_and_the_others_are_bounded() {
        let folder = tempfile::tempdir().expect("there is room");
        let reports = Reports::new(folder.path().join("reports"));
        for n in 0..KEPT + 5 {
            let (dated, page) = (format!("2026-11-26T02-00-00Z-cycle-{n:06}"), format!("page {n}"));
            reports.write(&dated, true, &page, "{}").expect("it is written");
        }
        reports.write("2026-11-26T02-00-01Z-cycle-000999", false, "quiet", "{}").expect("it is written");
        let read = |name: &str| std::fs::read_to_string(folder.path().join("reports").join(name)).ok();
        assert_eq!(read("latest.txt").as_deref(), Some("quiet"));
        assert_eq!(read("2026-11-26T02-00-00Z-cycle-000004.txt"), None);
        assert_eq!(read("2026-11-26T02-00-00Z-cycle-000005.txt").as_deref(), Some("page 5"));
        assert_eq!(read("2026-11-26T02-00-01Z-cycle-000999.txt"), None);
        let files = std::fs::read_dir(folder.path().join("reports")).expect("it is there").count();
        assert_eq!(files, 2 * (KEPT + 1), "something half-written is left");
    }
}
