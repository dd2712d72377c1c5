//! The languages: each turns one file's text into [`FileFacts`], and binding changes into edits.
//!
//! The only module that names languages; the rest of the crate sees facts.

pub mod python;
