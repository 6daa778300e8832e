//! Parse source-refs.yaml: where the source of each component comes from.
