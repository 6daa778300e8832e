//! What an image says about itself.

use std::collections::BTreeMap;

use names::{Arch, Epoch, ReleaseId};
use oci_writer::RunConfig;
use release::Service;

use crate::deviations::Deviations;
use crate::lock::{LockedSource, SourceKind};
use crate::service_layer::PREFIX;

/// How the image of a service is started, and its labels: the pre-defined annotation keys of the
/// image-spec (annotations.md), as far as they are known, then the recipe's own. `revision` is there where
/// the source is a commit: the wheel of a release does not say which one it was built from.
pub(crate) fn config(
    service: &Service,
    release: ReleaseId,
    source: &LockedSource,
    deviations: &Deviations<'_>,
    arch: Arch,
    created: Epoch,
) -> RunConfig {
    let user = &service.user;
    let path = format!("{PREFIX}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let mut env =
        BTreeMap::from([("PATH".to_owned(), path), ("LANG".to_owned(), "C.UTF-8".to_owned())]);
    env.extend(service.image.environment.clone());
    let label = |name: &str, value: String| (format!("org.opencontainers.image.{name}"), value);
    let mut labels = BTreeMap::from([
        label("title", service.name.to_string()),
        label("description", service.description.clone()),
        label("version", source.version.clone()),
        label("created", created.to_string()),
        ("org.openstack.release".to_owned(), release.to_string()),
        ("org.openstack.source-ref".to_owned(), source.shown()),
        ("org.openstack.architecture".to_owned(), arch.to_string()),
    ]);
    if !source.patches.is_empty() {
        let names: Vec<&str> = source.patches.iter().map(|patch| patch.file.as_str()).collect();
        labels.insert("org.openstack.patches".to_owned(), names.join(" "));
    }
    if !matches!(source.kind, SourceKind::Wheel | SourceKind::Sdist) {
        let kind = format!("{:?}", source.kind).to_lowercase();
        labels.insert("org.openstack.source-kind".to_owned(), kind);
    }
    if let Some(commit) = source.commit.filter(|_| !source.changed) {
        labels.extend([label("revision", commit.to_string())]);
    }
    if let Some(url) = &source.url {
        labels.extend([label("source", url.clone())]);
    }
    labels.extend(deviations.labels());
    labels.extend(service.image.labels.clone());
    RunConfig {
        user: format!("{}:{}", user.uid, user.gid),
        env,
        working_dir: "/".to_owned(),
        cmd: service.image.command.clone(),
        labels,
        exposed_ports: service.image.ports.iter().map(|port| format!("{port}/tcp")).collect(),
        ..RunConfig::default()
    }
}
