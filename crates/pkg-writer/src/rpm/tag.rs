//! Numbers of tags (rpm's manual, "Tags").

pub(super) const REGION_SIGNATURES: u32 = 62;
pub(super) const REGION_IMMUTABLE: u32 = 63;
pub(super) const I18N_TABLE: u32 = 100;

pub(super) const SIG_DSA: u32 = 267;
pub(super) const SIG_RSA: u32 = 268;
pub(super) const SIG_LONG_SIZE: u32 = 270;
pub(super) const SIG_LONG_ARCHIVE_SIZE: u32 = 271;
pub(super) const SIG_SHA256: u32 = 273;
pub(super) const SIG_SIZE: u32 = 1000;
pub(super) const SIG_PGP: u32 = 1002;
pub(super) const SIG_GPG: u32 = 1005;
pub(super) const SIG_PAYLOAD_SIZE: u32 = 1007;

pub(super) const NAME: u32 = 1000;
pub(super) const VERSION: u32 = 1001;
pub(super) const RELEASE: u32 = 1002;
pub(super) const EPOCH: u32 = 1003;
pub(super) const SUMMARY: u32 = 1004;
pub(super) const DESCRIPTION: u32 = 1005;
pub(super) const BUILD_TIME: u32 = 1006;
pub(super) const BUILD_HOST: u32 = 1007;
pub(super) const SIZE: u32 = 1009;
pub(super) const VENDOR: u32 = 1011;
pub(super) const LICENSE: u32 = 1014;
pub(super) const PACKAGER: u32 = 1015;
pub(super) const GROUP: u32 = 1016;
pub(super) const URL: u32 = 1020;
pub(super) const OS: u32 = 1021;
pub(super) const ARCH: u32 = 1022;
pub(super) const FILE_SIZES: u32 = 1028;
pub(super) const FILE_MODES: u32 = 1030;
pub(super) const FILE_RDEVS: u32 = 1033;
pub(super) const FILE_MTIMES: u32 = 1034;
pub(super) const FILE_DIGESTS: u32 = 1035;
pub(super) const FILE_LINKTOS: u32 = 1036;
pub(super) const FILE_FLAGS: u32 = 1037;
pub(super) const FILE_USERNAME: u32 = 1039;
pub(super) const FILE_GROUPNAME: u32 = 1040;
pub(super) const SOURCE_RPM: u32 = 1044;
pub(super) const FILE_VERIFY_FLAGS: u32 = 1045;
pub(super) const RPM_VERSION: u32 = 1064;
pub(super) const CHANGELOG_TIME: u32 = 1080;
pub(super) const CHANGELOG_NAME: u32 = 1081;
pub(super) const CHANGELOG_TEXT: u32 = 1082;
pub(super) const FILE_DEVICES: u32 = 1095;
pub(super) const FILE_INODES: u32 = 1096;
pub(super) const FILE_LANGS: u32 = 1097;
pub(super) const DIR_INDEXES: u32 = 1116;
pub(super) const BASE_NAMES: u32 = 1117;
pub(super) const DIR_NAMES: u32 = 1118;
pub(super) const PAYLOAD_FORMAT: u32 = 1124;
pub(super) const PAYLOAD_COMPRESSOR: u32 = 1125;
pub(super) const PAYLOAD_FLAGS: u32 = 1126;
pub(super) const LONG_FILE_SIZES: u32 = 5008;
pub(super) const LONG_SIZE: u32 = 5009;
pub(super) const FILE_DIGEST_ALGORITHM: u32 = 5011;
pub(super) const ENCODING: u32 = 5062;
pub(super) const PAYLOAD_DIGEST: u32 = 5092;
pub(super) const PAYLOAD_DIGEST_ALGORITHM: u32 = 5093;

/// SHA-256, as OpenPGP numbers it (RFC 4880 section 9.4).
pub(super) const SHA256: u32 = 8;

/// Body and interpreter of a scriptlet.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) body: u32,
    pub(super) interpreter: u32,
    /// The flag of what the scriptlet needs (`rpmds.h`, `RPMSENSE_SCRIPT_*`).
    pub(super) flag: u32,
}

pub(super) const PRE: Script = Script { body: 1023, interpreter: 1085, flag: 1 << 9 };
pub(super) const POST: Script = Script { body: 1024, interpreter: 1086, flag: 1 << 10 };
pub(super) const PREUN: Script = Script { body: 1025, interpreter: 1087, flag: 1 << 11 };
pub(super) const POSTUN: Script = Script { body: 1026, interpreter: 1088, flag: 1 << 12 };
pub(super) const PRETRANS: Script = Script { body: 1151, interpreter: 1153, flag: 1 << 7 };
pub(super) const POSTTRANS: Script = Script { body: 1152, interpreter: 1154, flag: 1 << 5 };

/// Names, flags and versions of one kind of dependency.
#[derive(Clone, Copy)]
pub(super) struct Relation {
    pub(super) names: u32,
    pub(super) flags: u32,
    pub(super) versions: u32,
}

pub(super) const PROVIDES: Relation = Relation { names: 1047, flags: 1112, versions: 1113 };
pub(super) const REQUIRES: Relation = Relation { names: 1049, flags: 1048, versions: 1050 };
pub(super) const CONFLICTS: Relation = Relation { names: 1054, flags: 1053, versions: 1055 };
pub(super) const OBSOLETES: Relation = Relation { names: 1090, flags: 1114, versions: 1115 };
pub(super) const RECOMMENDS: Relation = Relation { names: 5046, flags: 5048, versions: 5047 };
pub(super) const SUGGESTS: Relation = Relation { names: 5049, flags: 5051, versions: 5050 };
pub(super) const SUPPLEMENTS: Relation = Relation { names: 5052, flags: 5054, versions: 5053 };
pub(super) const ENHANCES: Relation = Relation { names: 5055, flags: 5057, versions: 5056 };
