//! The engine that does the work: from the command line's requests to the library's stages.

use std::sync::Arc;

use anyhow::{Result, bail};

use super::engine::{Engine, Request, Setup};
use crate::config::Config;
use crate::report::Report;
use crate::report::graph::{Answer, CallGraph, ImportGraph};

/// The real engine.
#[derive(Debug, Default)]
pub struct Pipeline;

const MISSING: &str = "this build has no analysis";

impl Engine for Pipeline {
    fn checks(&self) -> &[(&'static str, &'static str)] {
        &[]
    }

    fn config(&self, _: &Setup) -> Result<Config> {
        bail!(MISSING)
    }

    fn analyse(&self, _: &Request) -> Result<Report> {
        bail!(MISSING)
    }

    fn source(&self, _: &str) -> Option<Arc<str>> {
        None
    }

    fn import_graph(&self, _: &Setup, _: bool) -> Result<ImportGraph> {
        bail!(MISSING)
    }

    fn call_graph(&self, _: &Setup, _: bool, _: bool) -> Result<CallGraph> {
        bail!(MISSING)
    }

    fn why(&self, _: &Setup, _: &str, _: &str) -> Result<Answer> {
        bail!(MISSING)
    }
}
