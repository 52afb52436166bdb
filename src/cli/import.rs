//! `formulary import`: documents for what exists already, for a company that begins with accounts.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::CommandError;
use super::files::write_new;
use super::options::{Global, SourceArgs};
use super::shell::Shell;
use crate::runtime::reconcile::importing::{Imported, import};
use crate::runtime::repo::Checkout;

/// Options of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary import platform-formulas             write what is missing below platform-formulas\n  formulary import platform-formulas --commit    and commit it, to be reviewed as one change\n  formulary import . && git diff --stat\n\nPeople, organisations, teams, memberships, repositories and channels become documents. A plan right after it takes over\nwhat is there and changes nothing: what differs from the usual is said by annotations, and what no document can say is only\nlooked at ('formulary.dev/manage: gitea=observe'), with the reason above it. Nothing is overwritten, and no service is\nwritten to."
)]
pub struct ImportArgs {
    /// The folder of the mono-repo; made when it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Commit what was written, and nothing else, to the branch that is checked out.
    #[arg(long)]
    commit: bool,
}

pub(super) async fn run(args: &ImportArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let folder = &args.folder;
    if folder.is_file() {
        let said = format!("'{}' is a file, and documents are written below a folder", folder.display());
        return Err(CommandError::new(Exit::Error, said));
    }
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    // Before anything is read, which takes its time.
    let checkout = args.commit.then(|| Checkout::around(folder)).transpose();
    let checkout = checkout.map_err(|error| CommandError::of(Exit::Error, &error))?;
    let source = SourceArgs { dir: Some(folder.clone()), ..SourceArgs::default() };
    let activity = shell.activity("reading");
    let ledger = context.existing_ledger().await?;
    let snapshot = context.snapshot(&source).await?;
    let memory = context.memory(ledger.as_ref()).await?;
    let imported = import(&context.platform, &snapshot, memory, context.now(), &activity).await;
    activity.finish();
    for (path, text) in &imported.files {
        write_new(&folder.join(path), text).map_err(|error| cannot_write(&folder.join(path), &error))?;
    }
    imported.left.iter().for_each(|why| shell.say(&format!("left out: {why}")));
    tell(&imported, folder, shell)?;
    if let Some(checkout) = checkout.filter(|_| !imported.files.is_empty()) {
        let paths = imported.files.keys().map(String::as_str);
        let id = checkout.commit(paths, &message(&imported)).map_err(|error| {
            CommandError::of(Exit::Error, &error)
                .hint("what was written stays: commit it by hand, or remove it and try again")
        })?;
        shell.say(&format!("committed as {}", &id[..12]));
    }
    Ok(Exit::Done)
}

fn tell(imported: &Imported, folder: &Path, shell: &Shell) -> Result<(), CommandError> {
    let folder = folder.display();
    let list: String = imported.files.keys().map(|path| format!("  {path}\n")).collect();
    shell.print(&format!("{}{list}", if list.is_empty() { String::new() } else { format!("{folder}\n") }))?;
    shell.say(&format!("wrote {} below {folder}", counted(imported.files.len(), "document")));
    if imported.only_looked_at > 0 {
        let count = counted(imported.only_looked_at, "document");
        shell.say(&format!("{count} must be decided on: search for '=observe', the reason stands above"));
    }
    if !imported.files.is_empty() {
        shell.say(&format!(
            "read them, then: formulary validate --dir {folder} && formulary plan --dir {folder}\n\
             The first plan takes over {}, once somebody approves it; nothing that is there is changed.",
            counted(imported.takes_over, "object")
        ));
    }
    Ok(())
}

/// What a reviewer reads first.
fn message(imported: &Imported) -> String {
    let count = counted(imported.files.len(), "document");
    let mut message = format!(
        "Import what exists: {count}\n\nA plan of this takes over {}; nothing that is there is changed.\n",
        counted(imported.takes_over, "object")
    );
    if !imported.left.is_empty() {
        message.push_str("\nLeft out:\n");
        imported.left.iter().for_each(|why| message.push_str(&format!("- {why}\n")));
    }
    message
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Error, format!("cannot write '{}': {error}", path.display()))
        .hint("what was written before it stays; run the command again, it goes on where it stopped")
}
