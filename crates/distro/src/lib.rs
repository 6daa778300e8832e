//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.
