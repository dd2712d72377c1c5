//! Input that nobody should write, through the binary: it never panics, everything else is still analysed, and what
//! is wrong is said.

#![allow(clippy::unwrap_used)]
// Made-up sources are put together once; how fast does not matter.
#![allow(clippy::format_push_string, clippy::format_collect)]

#[path = "bad_input/command.rs"]
mod command;
#[path = "bad_input/files.rs"]
mod files;
#[path = "bad_input/fixing.rs"]
mod fixing;
#[path = "bad_input/shapes.rs"]
mod shapes;
#[path = "bad_input/support.rs"]
mod support;
