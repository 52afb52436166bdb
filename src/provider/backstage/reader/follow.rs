//! How a refresh stands, and, where it does not bring what is waited for, why not: in the mono-repo's own terms.

use chrono::{DateTime, Utc};

use crate::engine::model::{Address, EntityRef, Failure, FailureClass, Fields, Live, Value};
use crate::provider::backstage::api::Api;
use crate::provider::backstage::waiting::Handle;
use crate::provider::backstage::{convert, kinds, place, told};
use crate::provider::contract::Follow;

pub(super) async fn follow(api: &Api, address: &Address, handle: &str, now: DateTime<Utc>) -> Result<Follow, Failure> {
    let doing = format!("have the catalogue read '{}' again", address.key);
    let Some(waiting) = Handle::read(handle) else {
        return Err(Failure::new(FailureClass::Refused, doing, "that is no work of Backstage's"));
    };
    let wait = Wait { api, address, waiting, doing, now };
    if address.kind.as_str() == kinds::LOCATION { wait.for_location().await } else { wait.for_entity().await }
}

struct Wait<'a> {
    api: &'a Api,
    address: &'a Address,
    waiting: Handle,
    doing: String,
    now: DateTime<Utc>,
}

impl Wait<'_> {
    fn may_judge(&self) -> bool {
        self.waiting.may_judge(self.now, self.api.options().catalog.patience_seconds)
    }

    fn is_over(&self) -> bool {
        self.waiting.is_over(self.now, self.api.options().catalog.patience_seconds)
    }

    /// A location is read when nothing keeps it any more.
    async fn for_location(&self) -> Result<Follow, Failure> {
        let errors = self.errors_above().await?;
        match errors.is_empty() {
            // An error of before may be gone before the file was read again; there is nothing more to be seen.
            true => Ok(Follow::Ended),
            false if self.is_over() => {
                Ok(self.failed(&errors.join("; "), "correct the file that is named and push it"))
            }
            false => Ok(Follow::GoesOn("it cannot be read yet".to_owned())),
        }
    }

    /// An entity is there when the catalogue shows what was declared.
    async fn for_entity(&self) -> Result<Follow, Failure> {
        let place = &self.api.options().catalog.url;
        let Some(reference) = place::entity(&self.address.key) else {
            return Err(Failure::new(FailureClass::Gone, &self.doing, "that is no entity"));
        };
        let stored = self.api.entity(&reference).await?;
        let live = stored.as_ref().and_then(|it| convert::entity(&self.address.instance, place, it));
        if live.as_ref().is_some_and(|live| self.waiting.is_met_by(&live.fields)) {
            return Ok(Follow::Ended);
        }
        if !self.may_judge() {
            return Ok(Follow::GoesOn(if live.is_some() { "not read again yet" } else { "not read yet" }.to_owned()));
        }
        if let Some(failure) = self.kept(live.as_ref(), &reference).await? {
            return Ok(failure);
        }
        if !self.is_over() {
            return Ok(Follow::GoesOn("waits for Backstage to process it".to_owned()));
        }
        self.late(live.as_ref(), &reference).await
    }

    /// What the catalogue itself names as the reason.
    async fn kept(&self, live: Option<&Live>, reference: &EntityRef) -> Result<Option<Follow>, Failure> {
        let declared = self.file();
        if let Some(file) = live.and_then(|live| live.text(kinds::FILE)).filter(|file| *file != declared) {
            let said = format!("'{reference}' comes from '{file}', and the catalogue keeps whichever it found first");
            let help = format!("remove it from '{file}'; a location of the server's own config may name that file too");
            return Ok(Some(self.failed(&said, &help)));
        }
        if let Some(live) = live {
            let own = listed(&live.fields, kinds::ERRORS);
            if !own.is_empty() {
                return Ok(Some(
                    self.failed(&own.join("; "), "correct the document and push it; what was there before is kept"),
                ));
            }
        }
        let place = &self.api.options().catalog.url;
        if live.is_none() {
            // Only a module that may be missing tells of what never got in.
            let pending = self.api.pending().await.unwrap_or_default().unwrap_or_default();
            let unprocessed =
                pending.iter().filter(|it| convert::reference(&it["unprocessed_entity"]).as_ref() == Some(reference));
            let errors: Vec<String> = unprocessed
                .flat_map(|it| it["errors"].as_array().into_iter().flatten())
                .filter_map(|it| Some(told::line(place, it["message"].as_str()?)))
                .collect();
            if !errors.is_empty() {
                return Ok(Some(self.failed(&errors.join("; "), "correct the document and push it")));
            }
        }
        let above = self.errors_above().await?;
        if above.is_empty() {
            return Ok(None);
        }
        let said = format!("the files that are read together with it are held up: {}", above.join("; "));
        Ok(Some(self.failed(
            &said,
            "correct the file that is named and push it: until then nothing of that location is brought up to date",
        )))
    }

    /// Nothing is wrong as far as the catalogue tells: what does Backstage find in the file itself?
    async fn late(&self, live: Option<&Live>, reference: &EntityRef) -> Result<Follow, Failure> {
        let catalog = &self.api.options().catalog;
        let file = self.file();
        let url = catalog.url.url(&file);
        let seconds = (self.now - self.waiting.since).num_seconds();
        let found = match self.api.found_at(&url).await {
            Ok(found) => found,
            Err(failure) if failure.class == FailureClass::Refused => {
                return Ok(self.failed(&told::line(&catalog.url, &failure.said), &failure.help));
            }
            Err(failure) => return Err(failure),
        };
        let now = found.iter().find(|it| convert::reference(it).as_ref() == Some(reference));
        let now = now.and_then(|it| convert::entity(&self.address.instance, &catalog.url, it));
        let (said, help) = match now {
            None => (
                format!("what Backstage reads at {url} does not declare it"),
                "push the revision to the branch that 'options.catalog.url' names: Formulary acts on one that is not there yet",
            ),
            // No file is read for the sake of an entity's errors, so that a rehearsed one has none.
            Some(now) if !self.waiting.is_met_by(&now.fields) => (
                format!("what Backstage reads at {url} says something else than the revision that Formulary acts on"),
                "push the revision to the branch that 'options.catalog.url' names, or wait until a cache in front of it forgets",
            ),
            Some(_) if live.is_some() => (
                format!("Backstage finds it in its file, and has not taken it over within {seconds} s"),
                "see the log of Backstage's catalogue, or raise 'options.catalog.patience_seconds'",
            ),
            Some(_) => (
                format!("Backstage finds it in its file, and it is not in the catalogue after {seconds} s"),
                "see the log of Backstage's catalogue; the module 'catalog-backend-module-unprocessed' tells us the reason. \
                 Or raise 'options.catalog.patience_seconds'",
            ),
        };
        Ok(self.failed(&said, help))
    }

    /// The path of the file that declares it.
    fn file(&self) -> String {
        let declared = &self.waiting.declared;
        declared.rsplitn(3, ':').last().unwrap_or(declared).to_owned()
    }

    /// What keeps the location that it comes from.
    async fn errors_above(&self) -> Result<Vec<String>, Failure> {
        let catalog = &self.api.options().catalog;
        self.api.errors_of(&catalog.url.url(&self.waiting.location)).await
    }

    /// A failure that begins with the place in the mono-repo.
    fn failed(&self, said: &str, help: &str) -> Follow {
        let declared = &self.waiting.declared;
        let placed = match told::pointer(said) {
            Some(_) => format!("{declared}: {said}"),
            // A reading error names its own place; which document waits for it is worth knowing all the same.
            None if declared.is_empty() => said.to_owned(),
            None => format!("{said} (declared at {declared})"),
        };
        Follow::Failed(Failure::new(FailureClass::Refused, &self.doing, placed).help(help))
    }
}

/// The texts of a list.
fn listed(fields: &Fields, name: &str) -> Vec<String> {
    let list = fields.get(name).and_then(Value::as_list).into_iter().flatten();
    list.filter_map(|it| it.as_text().map(str::to_owned)).collect()
}
