# shellcheck shell=bash
# What the races of this folder share. Sourced by them, from the root of the checkout, with `races`, `runs` and
# `work` set: the names of the races that are wanted, how often each runs, and the folder for all that is made.

say() { printf '\n== %s\n' "$*" >&2; }
wants() { [[ " ${races[*]} " == *" $1 "* ]]; }

mkdir -p "$work"
rm -f "$work"/*.json "$work"/*.memory

# Ours against theirs, or ours alone: NAME PREPARE-OURS OURS [PREPARE-THEIRS THEIRS]
race() {
  say "$1"
  local theirs=()
  [ $# -lt 5 ] || theirs=(--prepare "$4" --command-name theirs "$5")
  hyperfine --shell=bash --style none --runs "$runs" --export-json "$work/$1.json" \
    --prepare "$2" --command-name ours "$3" "${theirs[@]}" >&2
}

# The peak memory of one more run of ours: NAME COMMAND...
memory() {
  local name=$1
  shift
  /usr/bin/time -f %M -o "$work/$name.memory" "$@" >/dev/null
}

# All that was measured: medians, seconds of CPU, and our peak memory.
table() {
  local figures name ours our_cpu theirs their_cpu ratio peak
  printf '\n%-16s %9s %9s %9s %9s %7s %9s\n' race ours CPU theirs CPU ratio memory
  for figures in "$work"/*.json; do
    name=$(basename "$figures" .json)
    peak=$(cat "$work/$name.memory" 2>/dev/null || echo 0)
    jq -r '.results | [.[0].median, .[0].user + .[0].system, .[1].median // 0,
        (.[1].user // 0) + (.[1].system // 0), if .[1] then .[0].median / .[1].median else 0 end] | @tsv' "$figures" |
      while IFS=$'\t' read -r ours our_cpu theirs their_cpu ratio; do
        LC_ALL=C printf '%-16s %7.3f s %7.3f s %7.3f s %7.3f s %7.3f %6d MB\n' \
          "$name" "$ours" "$our_cpu" "$theirs" "$their_cpu" "$ratio" "$((peak * 1024 / 1000000))"
      done
  done
}

# What the lock of keystone 2025.2 says, as a list for the others: base, base-debs, packages, asked or wheels.
read_locks() {
  python3 - "$1" <<'PY'
import sys, tomllib
read = lambda path: tomllib.load(open(path, "rb"))
base, release = read("distros/debian-trixie.lock"), read("releases/2025.2/debian-trixie.lock")
mine = lambda entry: entry["arch"] == "amd64"
base_set = next(b for b in base["base"] if b["name"] == "full" and mine(b))
service = next(s for s in release["service"] if s["name"] == "keystone" and mine(s))
debs = {d["name"] + "=" + d["version"]: d for d in base["deb"] + release["deb"] if d["arch"] in ("all", "amd64")}
match sys.argv[1]:
    case "base": print("\n".join(n.split("=")[0] for n in base_set["debs"]))
    case "base-debs":
        for name in base_set["debs"]: print(debs[name]["archive"], debs[name]["path"], debs[name]["sha256"].removeprefix("sha256:"))
    case "packages": print("\n".join(n.split("=")[0] for n in service["debs"]))
    case "asked": print("\n".join(base_set["packages"] + service["packages"]))
    case "wheels": print("\n".join("==".join(w.split("-")[:2]) for w in service["wheels"]))
PY
}

# The address of an archive's first mirror, as the command finds it: COMMAND ARCHIVE
mirror() {
  { "$1" doctor --json || true; } | jq -r --arg name "$2" '.mirrors[] | select(.archive == $name).mirrors[0].url'
}
