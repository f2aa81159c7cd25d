//! The library itself.

use rialto_loader::Library;

use super::observed::{descriptors, threads};
use crate::{
    subject::Subject,
    verdict::{Verdict, case, fail},
};

pub(crate) fn passes(subject: &Subject) -> Verdict {
    match Library::open(&subject.path) {
        Ok(_) => Verdict::Pass,
        Err(error) => Verdict::Fail(error.to_string()),
    }
}

pub(crate) fn manifest(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let manifest = library.manifest();
        if manifest.licence().is_none() {
            return fail("it names no licence (an SPDX expression)");
        }
        if manifest.schemes().is_empty() {
            return fail("it names no URI scheme of its protocol");
        }
        if !manifest.version().starts_with(|c: char| c.is_ascii_digit()) {
            return fail(format!("its version is `{}`", manifest.version()));
        }
        Ok(())
    })
}

pub(crate) fn describes(subject: &Subject) -> Verdict {
    case(|| {
        let library = subject.library()?;
        let manifest = library.manifest();
        if manifest.capabilities().is_empty() {
            return fail("it does not say what content, receipts and presence it can carry");
        }
        match manifest.config_schema() {
            Some(_) => Ok(()),
            None => fail("it has no JSON Schema of its configuration"),
        }
    })
}

pub(crate) fn does_nothing(subject: &Subject) -> Verdict {
    case(|| {
        let before = (threads(), descriptors());
        let _library = subject.library()?;
        let after = (threads(), descriptors());
        if after.0 > before.0 {
            return fail(format!("{} threads were started", after.0 - before.0));
        }
        if after.1 > before.1 {
            return fail(format!("{} files were opened", after.1 - before.1));
        }
        Ok(())
    })
}
