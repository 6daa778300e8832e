//! HTTP with mirrors, retries and an offline mode, into the store.
