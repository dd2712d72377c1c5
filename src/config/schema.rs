//! The JSON Schema of the rules file, made from the types it is read into.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, transform_subschemas};
use serde_json::Value;

use super::raw;

/// The JSON Schema (draft 7) of the rules file, as text. `rules/ssot.schema.json` is a copy of it.
#[must_use]
pub fn schema() -> String {
    // A JSON value always has a text form.
    let mut text = serde_json::to_string_pretty(&schema_value()).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema as a value; all of it inline, without references.
pub(super) fn schema_value() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let mut schema = settings
        .with_transform(RecursiveTransform(strip_null))
        .into_generator()
        .into_root_schema_for::<raw::Rules>();
    schema.insert("title".to_owned(), "ssot rules".into());
    transform_subschemas(&mut drop_number_formats, &mut schema);
    schema.to_value()
}

/// TOML has no null: an optional key is one that may be left out.
fn strip_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") else {
        return;
    };
    alternatives.retain(|alternative| alternative.get("type") != Some(&"null".into()));
    if let [Value::Object(only)] = alternatives.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

/// Formats such as `double` say how Rust holds a number; they mean nothing to a writer of rules.
fn drop_number_formats(schema: &mut Schema) {
    if schema.get("type") == Some(&"number".into()) {
        schema.remove("format");
    }
    transform_subschemas(&mut drop_number_formats, schema);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        fn visit(at: &str, schema: &Value) {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                let at = format!("{at}.{key}");
                assert!(property["description"].is_string(), "{at}: no description");
                visit(&at, property);
                visit(&at, &property["items"]);
            }
        }
        visit("", &schema_value());
    }

    #[test]
    fn nothing_may_be_null() {
        assert!(!schema().contains("null"));
    }
}
