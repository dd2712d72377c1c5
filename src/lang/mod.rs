//! Front ends: one folder a language.

pub mod python;
