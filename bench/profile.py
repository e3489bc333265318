#!/usr/bin/env python3
"""Where a forwarded packet's time goes: `perf script` of a loaded ichatd on stdin, shares of its steps as JSON.

A sample belongs to the first step below, of which one function is in its stack; the kernel's functions come before the
calls that lead to them.
"""
import json
import sys

# In the order in which they are looked for.
STEPS = [
    ("send: the receivers' half on loopback", {"net_rx_action", "__napi_poll", "process_backlog"}),
    ("send: route", {"ip_route_output_flow", "ip6_dst_lookup_flow", "ip6_sk_dst_lookup_flow"}),
    ("send: copy and packet buffers", {"__ip_append_data", "__ip6_append_data", "sock_alloc_send_pskb", "alloc_skb_with_frags"}),
    ("send: cutting runs (GSO)", {"__skb_gso_segment", "skb_segment", "udp4_ufo_fragment", "__udp_gso_segment"}),
    ("send: IP and device", {"ip_send_skb", "udp_send_skb", "ip6_send_skb", "udp_v6_send_skb"}),
    ("send: the call, its messages", {"__sendmmsg", "__sys_sendmmsg", "sendmmsg"}),
    ("receive", {"recvmmsg", "__recvmmsg", "udp_rx_read"}),
    ("seal", {"seal_rtp", "seal_gcm_rtp", "gcm_seal"}),
    ("open what came in", {"unseal_gcm_rtp", "unseal_rtp", "gcm_open", "transport_on_srtp", "unseal_gcm_rtcp", "unseal_rtcp"}),
    ("rewrite for each subscriber", {"sub_forward", "sub_write", "router_forward"}),
    ("RTCP, STUN", {"peer_on_rtcp", "peer_on_stun", "ice_on_stun"}),
    ("headers, lookups, statistics of what came in", {"peer_on_datagram", "peer_on_rtp", "track_on_rtp"}),
    ("batches for the kernel", {"udp_tx_flush", "egress_flush", "udp_tx_commit"}),
    ("sleep and wake", {"clock_nanosleep", "clock_sleep_until_us", "epoll_wait", "loop_turn", "do_epoll_wait"}),
    ("timers, reports", {"timers_run"}),
]
OTHER = "loop and rest"


def stacks(lines):
    """(thread, set of functions) of each sample."""
    thread, names = None, set()
    for line in lines:
        if not line.strip():
            if thread is not None:
                yield thread, names
            thread, names = None, set()
        elif line[0].isspace():
            names.add(line.split()[1].split(".")[0].split("@")[0])
        else:
            thread = line.split()[0]
    if thread is not None:
        yield thread, names


def step_of(thread, names):
    if not thread.startswith("media"):
        return "other threads"
    for step, functions in STEPS:
        if names & functions:
            return step
    return OTHER


def main():
    counts = {}
    for thread, names in stacks(sys.stdin):
        step = step_of(thread, names)
        counts[step] = counts.get(step, 0) + 1
    total = sum(counts.values())
    if not total:
        print("no samples", file=sys.stderr)
        return 1
    order = [step for step, _ in STEPS] + [OTHER, "other threads"]
    print(json.dumps({"samples": total, "steps": {s: counts[s] / total for s in order if s in counts}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
