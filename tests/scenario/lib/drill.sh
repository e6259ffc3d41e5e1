# SPDX-License-Identifier: GPL-3.0-or-later
# For scenario tests that re-enact a drill under the guard. Source it, then: drill_expect NAME [CLIENT [OPTION...]].

# Plays the scenario NAME once in $T (with further options of `beffroi-drill run`) and checks what came of it: one incident, recovered, by CLIENT (over SMB), every file
# back with all its metadata, nothing of the attack left, nobody else disturbed, the journal whole. No timing is checked.
drill_expect() {
  local status=0
  chmod a+x "$T" # users of the share pass through it
  "$BEFFROI_DRILL" run "$1" "${@:3}" --json --in "$T" --beffroi "$BEFFROI" >"$T/run.json" 2>"$T/run.log" || status=$?
  if ! python3 - "$T/run.json" "${2-}" "$status" <<'PYTHON'; then
import json, sys
path, client, status = sys.argv[1:]
try:
    run = json.load(open(path))["runs"][0]
except (ValueError, IndexError) as e:
    sys.exit(f"the drill told nothing (status {status}): {e}")
wrong = []
def expect(what, good):
    if not good:
        wrong.append(what)
expect(f"{run['files_lost']} files were lost", run["files_lost"] == 0)
expect(f"{run['left_over']} names were left over", run["left_over"] == 0)
expect(f"{run['incidents']} incidents instead of one", run["incidents"] == 1)
expect(f"the incident is {run['state']}, not recovered", run["state"] == "recovered")
expect("the attacker spoiled nothing", run["files_spoiled"] > 0)
expect(f"the attacker was not stopped: it spoiled {run['files_spoiled']} files", run["files_spoiled"] < run["files"] / 2)
expect("the journal does not verify", (run["journal_entries"] or 0) > 0)
if client:
    expect(f"the incident names {run['client']!r}, not {client}", (run["client"] or "").startswith(client))
    expect("the colleague did nothing", (run["colleague_done"] or 0) > 0)
    expect(f"the colleague was disturbed {run['colleague_failed']} times", run["colleague_failed"] == 0)
expect(f"exit status {status}", status == "0")
if wrong:
    print(json.dumps(run, indent=1, ensure_ascii=False)[:6000])
    sys.exit("FAILED: " + "; ".join(wrong))
PYTHON
    tail -n 20 "$T/run.log"
    return 1
  fi
}
