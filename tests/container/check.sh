#!/usr/bin/env bash
# Builds the image without a container engine and tries it: the demonstration, a read-only root, and a stop on SIGTERM.
#
# Needs root, and Debian's buildah, crun and debootstrap. The image that the Dockerfile builds on is made here from Debian's
# packages, under the same name, with this machine's certificates in it.
# WALKBACK_CHECK_DIR names a folder that keeps the base between runs; by default a new one, removed at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}
for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install buildah crun debootstrap"
done
[ "$(id -u)" = 0 ] || fail "root is needed to make a base image"

if [ -n "${WALKBACK_CHECK_DIR:-}" ]; then
    work=$WALKBACK_CHECK_DIR
    mkdir -p "$work"
else
    work=$(mktemp -d /var/tmp/walkback-check.XXXXXX)
fi
store=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
containers=()
clean_up() {
    for container in "${containers[@]}"; do buildah "${store[@]}" rm "$container" >/dev/null 2>&1 || true; done
    [ -n "${WALKBACK_CHECK_DIR:-}" ] || rm -rf "$work"
}
trap clean_up EXIT

base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | sort -u)
[ "$(wc -l <<<"$base")" = 1 ] || fail "the Dockerfile names more than one base: $base"
base_image="docker.io/library/$base"

if ! buildah "${store[@]}" inspect --type image "$base_image" >/dev/null 2>&1; then
    say "Base $base from Debian's packages"
    rootfs=$work/rootfs
    [ -x "$rootfs/usr/bin/python3.11" ] || debootstrap --variant=minbase \
        --include=python3.11,python3.11-venv,python3-distutils,ca-certificates bookworm "$rootfs" >"$work/debootstrap.log" 2>&1 ||
        fail "debootstrap: see $work/debootstrap.log"
    for name in python3 python3.11 python; do ln -sf /usr/bin/python3.11 "$rootfs/usr/local/bin/$name"; done
    cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$rootfs/etc/ssl/certs/ca-certificates.crt"
    scratch=$(buildah "${store[@]}" from scratch)
    containers+=("$scratch")
    buildah "${store[@]}" add --quiet "$scratch" "$rootfs" / >/dev/null
    buildah "${store[@]}" config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
        --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt --env PIP_DEFAULT_TIMEOUT=180 "$scratch"
    buildah "${store[@]}" commit --quiet "$scratch" "$base_image" >/dev/null
fi

say "Image"
started=$SECONDS
layers=()
[ -n "${WALKBACK_CHECK_DIR:-}" ] && layers=(--layers)
buildah "${store[@]}" bud "${layers[@]}" --isolation chroot --network host --pull-never --format docker \
    --tag walkback:check . || fail "the build"
echo "built in $((SECONDS - started)) s"
image=$(buildah "${store[@]}" inspect --type image walkback:check)
grep -q '"User": "10001:10001"' <<<"$image" || fail "the image does not run as its own user"
grep -q '"walkback",' <<<"$image" && grep -q '"Healthcheck"' <<<"$image" || fail "no health check in the image"

bot=$(buildah "${store[@]}" from --pull-never walkback:check)
containers+=("$bot")
folder=$(buildah "${store[@]}" mount "$bot")

# As compose.yaml has it: the first process of its own PID namespace, a read-only root, /data and a /tmp in memory, the
# image's user, no capabilities and no way to new ones.
cat >"$work/contained" <<'EOF'
set -euo pipefail
root=$1 data=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777,size=256m tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set -all \
    --inh-caps -all env -i "$@"
EOF
mapfile -t environment < <(buildah "${store[@]}" inspect --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' "$bot" | sed '/^$/d')
data=$work/data
rm -rf "$data"
install --directory --owner=10001 --group=10001 --mode=0750 "$data"
become() {
    exec unshare --mount --pid --fork --kill-child bash "$work/contained" "$folder" "$data" "${environment[@]}" "$@"
}
contained() { (become "$@"); }

say "The image as it is run by buildah"
buildah "${store[@]}" run --isolation chroot "$bot" -- walkback --help >/dev/null || fail "walkback --help"
[ "$(buildah "${store[@]}" run --isolation chroot "$bot" -- id -u)" = 10001 ] || fail "runs as another user"

say "What it may write, and what it does not hold"
contained sh -c 'for place in / /etc /opt/walkback /usr; do touch "$place/x" 2>/dev/null && exit 1; done; touch /data/x /tmp/x && rm /data/x' ||
    fail "the root is not read-only, or /data or /tmp is"
contained python3 -c 'import importlib.util as i, sys; sys.exit(any(map(i.find_spec, ("torch", "transformers", "pip"))))' ||
    fail "the image holds torch, transformers or pip"

say "Demonstration"
started=$SECONDS
contained walkback demo | tee "$work/demo.txt" || fail "walkback demo"
took=$((SECONDS - started))
echo "took $took s"
[ "$took" -lt 60 ] || fail "the demonstration took $took s"
[ "$(grep -c '^ *Was:' "$work/demo.txt")" -ge 1 ] || fail "the demonstration showed no alert"

say "Health and stop"
contained python3 -c 'from pathlib import Path; from bot.demo.server import write_config; write_config(Path("/data/config"), "http://127.0.0.1:9")'
if contained walkback health; then fail "healthy although nothing runs"; fi
become WALKBACK_CONFIG_DIR=/data/config walkback run >"$work/run.log" 2>&1 &
outer=$!
for _ in $(seq 60); do
    if contained walkback health >/dev/null 2>&1; then break; fi
    kill -0 "$outer" 2>/dev/null || { cat "$work/run.log"; fail "walkback run ended by itself"; }
    sleep 1
done
contained walkback health || { cat "$work/run.log"; fail "not healthy within 60 s"; }
first=$(ps -o pid= --ppid "$outer" | tr -d ' ')
grep -q '^NSpid:.*\s1$' "/proc/$first/status" || fail "the bot is not the first process of its namespace"
started=$(date +%s%N)
kill -TERM "$first"
status=0
wait "$outer" || status=$?
took=$((($(date +%s%N) - started) / 1000000))
echo "stopped $took ms after SIGTERM, status $status"
[ "$status" = 0 ] || { cat "$work/run.log"; fail "status $status after SIGTERM"; }
[ "$took" -lt 10000 ] || fail "the stop took $took ms"

printf '\n== Passed\n'
