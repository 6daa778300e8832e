//! Trees and configuration to an OCI image layout.
