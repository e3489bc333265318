#!/usr/bin/env python3
"""Medians, spreads and ratios of ichat-bench's results: the quick line, or REPORT.md with its plots.

Results are files NAME__TARGET__ROUND.json in one folder, as bench/run.sh makes them.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
LOSS_MAX = 0.001


class Runs:
    """All rounds of one scenario against one target."""

    def __init__(self, rounds):
        self.rounds = rounds

    def rates(self):
        return [step["rate"] for step in self.rounds[0]["steps"]]

    def values(self, rate, key):
        """Of the valid rounds; of all of them when none is."""
        steps = [s for r in self.rounds for s in r["steps"] if s["rate"] == rate]
        return [s[key] for s in steps if s["is_valid"] and key in s] or [s[key] for s in steps if key in s]

    def value(self, rate, key):
        values = self.values(rate, key)
        return median(values) if values else None

    def valid(self, rate):
        steps = [s for r in self.rounds for s in r["steps"] if s["rate"] == rate]
        return sum(s["is_valid"] for s in steps), len(steps)

    def doubts(self, rate):
        return sorted({s["doubts"] for r in self.rounds for s in r["steps"] if s["doubts"] and s["rate"] == rate})

    def top(self, *keys):
        """Median of a value outside the steps."""
        values = []
        for run in self.rounds:
            for key in keys:
                run = run.get(key) if isinstance(run, dict) else None
            if isinstance(run, (int, float)):
                values.append(run)
        return median(values) if values else None


def load(folder):
    found = {}
    for path in sorted(Path(folder).glob("*__*__*.json")):
        name, target, _ = path.stem.split("__")
        try:
            found.setdefault(name, {}).setdefault(target, []).append(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError:
            print(f"{path.name} is no JSON, left out", file=sys.stderr)
    return {name: {target: Runs(runs) for target, runs in targets.items()} for name, targets in found.items()}


def number(value, digits=2):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


# --- quick ---


def quick_step(ours, theirs, rate):
    """One load: our cost, next to the floor and to Janus."""
    step = {
        "rate": rate,
        "cpu_ns_per_packet": round(ours.value(rate, "cpu_ns_per_packet")),
        "ratio_to_floor": None,
        "ratio_to_floor_paced": None,
        "ratio_to_janus": None,
        "loss": max(ours.values(rate, "loss")),
        "delay_ms_p50": round(ours.value(rate, "delay_ms_p50"), 3),
        "delay_ms_p99": round(ours.value(rate, "delay_ms_p99"), 3),
        "janus_ns_per_packet": None,
        "janus_loss": None,
        "is_valid": ours.valid(rate)[0] == ours.valid(rate)[1],
        "doubts": ours.doubts(rate),
    }
    if ours.value(rate, "ratio_to_floor") is not None:
        step["ratio_to_floor"] = round(ours.value(rate, "ratio_to_floor"), 3)
    if ours.value(rate, "ratio_to_floor_paced") is not None:
        step["ratio_to_floor_paced"] = round(ours.value(rate, "ratio_to_floor_paced"), 3)
    if theirs:
        step["janus_ns_per_packet"] = round(theirs.value(rate, "cpu_ns_per_packet"))
        step["janus_loss"] = max(theirs.values(rate, "loss"))
        step["ratio_to_janus"] = round(step["janus_ns_per_packet"] / step["cpu_ns_per_packet"], 2)
        step["is_valid"] = step["is_valid"] and theirs.valid(rate)[0] == theirs.valid(rate)[1]
        step["doubts"] += [f"janus: {doubt}" for doubt in theirs.doubts(rate)]
    return step


def quick(results, as_json):
    """The line is of the highest load, which says most about packets per core; the others are beside it."""
    targets = results.get("quick", {})
    if "ichatd" not in targets:
        print("no run against ichatd succeeded", file=sys.stderr)
        return 1
    ours = targets["ichatd"]
    steps = [quick_step(ours, targets.get("janus"), rate) for rate in ours.rates()]
    line = dict(steps[-1])
    floor = ours.top("floor", "floor_ns")
    line["floor_ns"] = round(floor) if floor else None
    line["other_loads"] = steps[:-1]
    if as_json:
        print(json.dumps(line))
        return 0
    for step in steps:
        for key, value in step.items():
            print(f"{key:22} {value}")
        print()
    return 0


# --- the report ---

TITLES = {
    "even": "1 publisher, 50 subscribers, 1,200 B, evenly sent",
    "large": "1 publisher, 500 subscribers, 1,200 B, evenly sent",
    "small": "1 publisher, 50 subscribers, one media thread, beside the 500",
    "webinar": "1 publisher, 500 subscribers, ten frames a second in bursts",
    "bursts": "1 publisher, 50 subscribers, frames in bursts, key frames",
    "simulcast": "1 publisher with three layers, 50 subscribers of the top one",
    "meeting": "A meeting: 20 members, all with audio, 6 with video in bursts",
    "workers": "4 calls of 26 members: one media thread and two; beside them two calls on one (ichatd-1w-half)",
    "storm": "500 members join at once while a call of 20 goes on",
    "churn": "A call of 50, 10 members a second leave and join again",
    "idle": "10 calls of 100 connected members, nobody sends",
    "ladder": "1 publisher, 100 subscribers, up to saturation",
}


def step_table(targets):
    lines = ["| server | rate | out p/s | CPU ns/packet (min..max) | / floor | / paced floor | / floor (EVP) | loss "
             "| delay ms p50 / p99 / p99.9 | cores | valid |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for target, runs in targets.items():
        for rate in runs.rates():
            cpu = runs.values(rate, "cpu_ns_per_packet")
            good, all_ = runs.valid(rate)
            lines.append(
                f"| {target} | {rate:.0f} | {number(runs.value(rate, 'forwarded_per_s'))} "
                f"| {number(median(cpu))} ({number(min(cpu))}..{number(max(cpu))}) "
                f"| {number(runs.value(rate, 'ratio_to_floor'))} | {number(runs.value(rate, 'ratio_to_floor_paced'))} "
                f"| {number(runs.value(rate, 'ratio_to_floor_evp'))} "
                f"| {runs.value(rate, 'loss') * 100:.3f} % "
                f"| {number(runs.value(rate, 'delay_ms_p50'))} / {number(runs.value(rate, 'delay_ms_p99'))} / "
                f"{number(runs.value(rate, 'delay_ms_p999'))} "
                f"| {number(runs.value(rate, 'cores'))} | {good} of {all_} |")
    return lines


def join_table(targets, key):
    lines = ["| server | joins | failed | in s | connected ms p50 / p99 | first packet ms p50 / p99 | CPU ms each |",
             "|---|---|---|---|---|---|---|"]
    for target, runs in targets.items():
        if runs.top(key, "count") is None:
            continue
        value = {k: number(runs.top(key, k)) for k in ("seconds", "up_ms_p50", "up_ms_p99", "media_ms_p50", "media_ms_p99",
                                                         "cpu_ms")}
        lines.append(f"| {target} | {runs.top(key, 'count'):.0f} | {runs.top(key, 'failed'):.0f} | {value['seconds']} "
                     f"| {value['up_ms_p50']} / {value['up_ms_p99']} | {value['media_ms_p50']} / {value['media_ms_p99']} "
                     f"| {value['cpu_ms']} |")
    return lines


def memory_table(targets):
    lines = ["| server | empty KiB | joined KiB | a member KiB | at the end KiB |", "|---|---|---|---|---|"]
    for target, runs in targets.items():
        lines.append(f"| {target} | {number(runs.top('rss_empty_kb'))} | {number(runs.top('rss_joined_kb'))} "
                     f"| {number(runs.top('member_kb'), 1)} | {number(runs.top('rss_end_kb'))} |")
    return lines


def floor_lines(targets):
    lines = []
    for target, runs in targets.items():
        if runs.top("floor", "floor_ns") is None:
            continue
        part = {k: number(runs.top("floor", k), 0) for k in ("seal_ns", "seal_evp_ns", "send_ns", "send_gso_ns", "floor_ns",
                                                               "floor_gso_ns")}
        lines.append(f"Floor in the runs of {target}: seal {part['seal_ns']} ns (EVP {part['seal_evp_ns']}), send "
                     f"{part['send_ns']} ns (GSO {part['send_gso_ns']}): {part['floor_ns']} ns a packet, with GSO "
                     f"{part['floor_gso_ns']} ns.  ")
    return lines


def bar(rows, what, limit, value, unit="", is_less=True):
    """One line of the table of bars; value None = not measured."""
    if value is None:
        rows.append(f"| {what} | {limit} {unit} | - | not measured |")
        return
    is_met = value <= limit if is_less else value >= limit
    missing = "" if is_met else f", by {abs(value / limit - 1) * 100:.0f} %" if limit else ""
    rows.append(f"| {what} | {'<=' if is_less else '>='} {limit} {unit} | {number(value, 3)} | "
                f"{'met' if is_met else 'MISSED' + missing} |")


def ratio(results, name, a, b, rate=None):
    """CPU of target a over that of b."""
    targets = results.get(name, {})
    if a not in targets or b not in targets:
        return None
    rate = rate if rate is not None else targets[a].rates()[0]
    top, base = targets[a].value(rate, "cpu_ns_per_packet"), targets[b].value(rate, "cpu_ns_per_packet")
    return top / base if top and base else None


def of(results, name, target, rate, key):
    runs = results.get(name, {}).get(target)
    return runs.value(rate, key) if runs else None


def delay_at_70(runs):
    """p99 at the highest load that is at most 70 % of the highest one without loss."""
    good = [(runs.value(r, "forwarded_per_s"), r) for r in runs.rates() if runs.value(r, "loss") < LOSS_MAX]
    below = [(load, r) for load, r in good if good and load <= 0.7 * max(good)[0]]
    return (max(good)[0], runs.value(max(below)[1], "delay_ms_p99")) if below else (None, None)


def load_chat(folder):
    """By database: the rounds of `ichat-bench chat`."""
    found = {}
    for path in sorted(Path(folder).glob("chat-*.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(run["database"], []).append(run)
    return found


def room_values(runs, members, *keys):
    """Of each round, what lies under these keys of the room with so many members."""
    values = []
    for run in runs:
        for room in run["rooms"]:
            value = room if room["members"] == members else None
            for key in keys:
                value = value.get(key) if value else None
            if value is not None:
                values.append(value)
    return values


def valid_values(runs, members, load, key):
    """Of the valid loads; of all of them when none is."""
    loads = room_values(runs, members, load)
    return [one[key] for one in loads if one["is_valid"]] or [one[key] for one in loads]


def chat_bars(rows, chat):
    for database, runs in chat.items():
        idle = median(run["bytes_per_idle_socket"] for run in runs)
        bar(rows, f"chat, {database}: memory of an idle socket", 20000, idle, "bytes")
        for members in [room["members"] for room in runs[0]["rooms"]]:
            bar(rows, f"chat, {database}, room of {members}: messages/s / the store's floor", 0.6,
                median(room_values(runs, members, "ratio_to_floor")), "", False)
            rows_ratio = room_values(runs, members, "ratio_to_floor_rows")
            rows.append(f"| the same / a store that writes a row a member | | {number(median(rows_ratio)) if rows_ratio else '-'} | |")
            bar(rows, f"chat, {database}, room of {members}: delivery p99 at half of the saturated rate", 20,
                median(valid_values(runs, members, "half", "delay_ms_p99")), "ms")


def chat_tables(chat):
    text = []
    for database, runs in chat.items():
        text += [f"### {database}", "",
                 f"{runs[0]['idle_sockets']:,} idle sockets of {median(r['bytes_per_idle_socket'] for r in runs):,.0f} bytes each. Medians of {len(runs)} rounds.",
                 "", "| room | load | messages/s (min..max) | lost | delivery ms p50 / p99 (min..max) | answer ms p50 / p99 "
                 "| server CPU us/message | valid | floor: messages/s, one a commit / 16 / a row a member, one a commit |",
                 "|---|---|---|---|---|---|---|---|---|"]
        for members in [room["members"] for room in runs[0]["rooms"]]:
            floor_rows = room_values(runs, members, "floor_rows_per_s")
            for name in ("saturated", "half"):
                def value(key, name=name, members=members):
                    return room_values(runs, members, name, key)
                rates, valid = value("messages_per_s"), value("is_valid")
                p50, p99 = (valid_values(runs, members, name, f"delay_ms_{p}") for p in ("p50", "p99"))
                text.append(
                    f"| {members} | {name} | {number(median(rates))} ({number(min(rates))}..{number(max(rates))}) "
                    f"| {sum(value('lost'))} | {number(median(p50))} / {number(median(p99))} ({number(min(p99))}..{number(max(p99))}) "
                    f"| {number(median(value('answer_ms_p50')))} / {number(median(value('answer_ms_p99')))} "
                    f"| {number(median(value('server_cpu_us_per_message')))} | {sum(valid)} of {len(valid)} "
                    f"| {number(median(room_values(runs, members, 'floor_per_s')))} / "
                    f"{number(median(room_values(runs, members, 'floor_group_per_s')))} / {number(median(floor_rows) if floor_rows else None)} |")
        doubts = sorted({load["doubts"] for run in runs for room in run["rooms"] for load in (room["saturated"], room["half"])
                         if load["doubts"]})
        text += ["", *(["Doubts that the runs raised: " + " / ".join(doubts), ""] if doubts else [])]
    return text


def bars(results, chat):
    rows = ["| bar | limit | measured | |", "|---|---|---|---|"]
    for rate in (300, 1000):
        bar(rows, f"CPU / floor, 50 subscribers, evenly sent, {rate}/s", 1.25,
            of(results, "even", "ichatd", rate, "ratio_to_floor"))
    for rate in (300, 1000):
        bar(rows, f"the same / the floor in the run's rhythm (seal and send, slept between), {rate}/s", 1.25,
            of(results, "even", "ichatd", rate, "ratio_to_floor_paced"))
    bar(rows, "CPU / floor without GSO, frame bursts", 1.0, of(results, "bursts", "ichatd", 300, "ratio_to_floor"))
    for name, what, rates in (("even", "evenly sent", (300, 1000)), ("bursts", "frame bursts", (300, 600))):
        for rate in rates:
            bar(rows, f"packets per CPU-second / Janus with event loops, {what}, {rate}/s", 5,
                ratio(results, name, "janus", "ichatd", rate), "x", False)
            if name == "even":
                ideal, cost = of(results, name, "ichatd", rate, "ratio_to_floor"), ratio(results, name, "janus", "ichatd", rate)
                rows.append(f"| what a server that cost the floor alone would reach there | | {number(ideal * cost) if ideal and cost else '-'} x | |")
    bar(rows, "packets per CPU-second / Janus with event loops, frame bursts to 500 subscribers", 5,
        ratio(results, "webinar", "janus", "ichatd-1w"), "x", False)
    for rate in (100, 300):
        bar(rows, f"packets per CPU-second / Janus by default, evenly sent, {rate}/s", 10,
            ratio(results, "even", "janus-default", "ichatd", rate), "x", False)
    large = of(results, "large", "ichatd-1w", 60, "cpu_ns_per_packet")
    small = {rate: of(results, "small", "ichatd-1w", rate, "cpu_ns_per_packet") for rate in (60, 600)}
    bar(rows, "CPU at 500 subscribers / at 50 (30,000 p/s each, one media thread)", 1.15,
        large / small[600] if large and small[600] else None)
    if large and small[60]:
        rows.append(f"| the same, of one publisher's 60/s (3,000 p/s at 50) | | {number(large / small[60])} | |")
    ladder = results.get("ladder", {}).get("ichatd")
    saturated, delay = delay_at_70(ladder) if ladder else (None, None)
    bar(rows, f"delay p99 at 70 % of saturation ({number(saturated)} p/s)", 2, delay, "ms")
    bar(rows, "meeting: CPU / floor", 1.35, of(results, "meeting", "ichatd", 60, "ratio_to_floor"))
    idle = results.get("idle", {}).get("ichatd")
    bar(rows, "memory of an idle member, 1,000 members", 100, idle.top("member_kb") if idle else None, "KiB")
    cores = idle.value(idle.rates()[0], "cores") if idle else None
    bar(rows, "cores for 100 idle members", 0.005, cores / 10 if cores is not None else None)
    even = results.get("even", {}).get("ichatd")
    bar(rows, "CPU of a join", 2.5, even.top("joins", "cpu_ms") if even else None, "ms")
    storm = results.get("storm", {}).get("ichatd")
    bar(rows, "500 join at once: seconds", 10, storm.top("storm", "seconds") if storm else None, "s")
    bar(rows, "500 join at once: loss of the call in progress", 0.1, storm.value(100, "loss") * 100 if storm else None, "%")
    chat_bars(rows, chat)
    two, same = (ratio(results, "workers", one, "ichatd-2w") for one in ("ichatd-1w-half", "ichatd-1w"))
    bar(rows, "two media threads with four calls / one with two: packets per CPU-second, times two", 1.8, 2 * two if two else None, "x", False)
    rows.append(f"| the same / one with all four | | {number(2 * same, 3) if same else '-'} x | |")
    return rows


# The load of each profile: its rate in the runs of the same name.
PROFILES = {"even": (1000, "1 publisher, 50 subscribers, evenly sent, 1,000/s"),
            "bursts": (600, "1 publisher, 50 subscribers, frame bursts, 600/s"),
            "meeting": (60, "20 members, audio and video")}


def profile_table(folder, results):
    """Shares of the steps in each load, and ns of a packet by its cost in the runs without a profiler."""
    found = {}
    for name in PROFILES:
        path = Path(folder) / f"profile-{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text(encoding="utf-8"))
    if not found:
        return []
    text = ["## Where the time goes", "", "Samples of `perf record` by the step of the walk that they fall into (`bench/run.sh --only profile`); ns: "
            "that share of the cost of a packet in the runs above.", ""]
    text += [f"- {name}: {PROFILES[name][1]}; {found[name]['samples']} samples" for name in found]
    text += ["", "| step | " + " | ".join(found) + " |", "|---|" + "---|" * len(found)]
    steps = []
    for profile in found.values():
        steps += [step for step in profile["steps"] if step not in steps]
    for step in steps:
        cells = []
        for name, profile in found.items():
            share = profile["steps"].get(step, 0)
            cost = of(results, name, "ichatd", PROFILES[name][0], "cpu_ns_per_packet")
            cells.append(f"{share * 100:.1f} %" + (f", {share * cost:,.0f} ns" if cost else ""))
        text.append(f"| {step} | " + " | ".join(cells) + " |")
    return [*text, ""]


def machine():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def plot(bench, folder, name, targets):
    """The first round of each target; the points of the others are in the table."""
    files = [str(next(Path(folder).glob(f"{name}__{target}__*.json"))) for target in targets]
    path = HERE / "plots" / f"{name}.svg"
    path.parent.mkdir(exist_ok=True)
    subprocess.run([bench, "plot", "--svg", str(path), *files], check=True)
    return f"![{name}](plots/{name}.svg)"


def count_rounds(results):
    counts = {len(runs.rounds) for targets in results.values() for runs in targets.values()}
    return f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(max(counts, default=0))


def full(results, folder, bench):
    chat = load_chat(folder)
    if not results and not chat:
        print("no results", file=sys.stderr)
        return 1
    text = ["# ichatd and Janus, side by side", "",
            f"Made by `bench/run.sh` on {datetime.date.today()}: {machine()}. Medians of {count_rounds(results)} alternating rounds; method and doubts "
            "are in [README.md](README.md). Server and generator share the cores.", "", "## Bars", "", *bars(results, chat), ""]
    for name, title in TITLES.items():
        targets = results.get(name)
        if not targets:
            continue
        text += [f"## {title}", "", *floor_lines(targets), "", *step_table(targets), ""]
        if name in ("storm", "churn"):
            text += [*join_table(targets, name), ""]
        if name in ("idle", "churn", "storm", "large"):
            text += [*memory_table(targets), ""]
        if name in ("even", "large", "idle"):
            text += ["Joins, before the load:", "", *join_table(targets, "joins"), ""]
        if len(next(iter(targets.values())).rates()) > 1:
            text += [plot(bench, folder, name, targets), ""]
        doubts = sorted({s["doubts"] for runs in targets.values() for r in runs.rounds for s in r["steps"] if s["doubts"]})
        if doubts:
            text += ["Doubts that the runs raised: " + " / ".join(doubts[:8]), ""]
    if chat:
        text += ["## Messages through REST and the notification socket", "", *chat_tables(chat)]
    text += profile_table(folder, results)
    (HERE / "REPORT.md").write_text("\n".join(text), encoding="utf-8")
    print("\n".join(bars(results, chat)))
    print(f"The report is in {HERE / 'REPORT.md'}")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["quick", "full"])
    parser.add_argument("folder")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bench", default="build/bench/ichat-bench")
    args = parser.parse_args()
    results = load(args.folder)
    return quick(results, args.json) if args.kind == "quick" else full(results, args.folder, args.bench)


if __name__ == "__main__":
    sys.exit(main())
