"""The cluster's own network namespace: nothing touches the machine's routes and firewall, and no packet leaves it."""

from pathlib import Path

from cluster.paths import HOST_IP, LINK_PREFIX, NETNS, NODE_IP, NUMBER, POD_CIDR
from cluster.shell import run, succeeds

_OUTSIDE, _INSIDE = f"levada{NUMBER}", "uplink"


def up() -> None:
    if is_up():
        return
    down()
    run("ip", "netns", "add", NETNS)
    run("ip", "link", "add", _OUTSIDE, "type", "veth", "peer", "name", _INSIDE, "netns", NETNS)
    run("ip", "address", "add", f"{HOST_IP}/{LINK_PREFIX}", "dev", _OUTSIDE)
    run("ip", "link", "set", _OUTSIDE, "up")
    _inside("ip", "link", "set", "lo", "up")
    _inside("ip", "address", "add", f"{NODE_IP}/{LINK_PREFIX}", "dev", _INSIDE)
    _inside("ip", "link", "set", _INSIDE, "up")
    # A service's address needs some route before kube-proxy translates it.
    _inside("ip", "route", "add", "default", "via", HOST_IP)
    _inside("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    # The machine knows no way to Pods: they reach a server that a test runs on it under the node's address.
    rules = "add table ip levada\nadd chain ip levada out { type nat hook postrouting priority srcnat; }\n"
    rules += f'add rule ip levada out ip saddr {POD_CIDR} oifname "{_INSIDE}" masquerade\n'
    run("nsenter", f"--net=/run/netns/{NETNS}", "nft", "-f", "-", stdin=rules)


def is_up() -> bool:
    return Path(f"/run/netns/{NETNS}").exists() and succeeds("ip", "link", "show", "dev", _OUTSIDE, "up")


def down() -> None:
    if Path(f"/run/netns/{NETNS}").exists():
        run("ip", "netns", "delete", NETNS)
    succeeds("ip", "link", "delete", _OUTSIDE)  # it goes with the namespace, a moment later


def _inside(*argv: str) -> None:
    run("nsenter", f"--net=/run/netns/{NETNS}", "--", *argv)
