#!/usr/bin/env bash
# Paint a folder of photographs and tell apart what can go wrong.
#
#     examples/paint_folder.sh PHOTOS PAINTINGS [STYLE]
#
# Run it again after an interruption: pictures that are already painted are skipped.
set -euo pipefail

photos=$1
paintings=$2
style=${3:-monet}
mkdir -p "$paintings"
log=$paintings/log.jsonl

code=0
gan-style stylize "$photos" --style "$style" -o "$paintings" --skip-existing --quiet --json >"$log" || code=$?

case $code in
    0) echo "painted: $(grep -c '"state": "painted"' "$log" || true)" ;;
    1)
        # Some pictures failed. The others are painted, and each line of the log has the reason.
        echo "painted: $(grep -c '"state": "painted"' "$log" || true)"
        echo "failed: $(grep -c '"state": "failed"' "$log")" >&2
        ;;
    3) echo "nothing could be read or written" >&2 ;;
    4) echo "no such style: $style" >&2 ;;
    6) echo "no memory, no space or no network" >&2 ;;
    130) echo "interrupted; run the same command to continue" >&2 ;;
    *) echo "gan-style failed with exit code $code" >&2 ;;
esac
exit "$code"
