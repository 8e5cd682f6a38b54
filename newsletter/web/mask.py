"""An address as a page behind a forwarded link may show it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def masked(email: str | None) -> str:
    """`alice@example.com` → `a***@e***.com`; an erased address is only dots."""
    if not email or "@" not in email:
        return "•••"
    local, _, domain = email.rpartition("@")
    host, dot, end = domain.rpartition(".")
    return f"{local[:1]}***@{host[:1]}***{dot}{end}"


def cut_ip(text: str) -> str | None:
    """An IP address as consent records keep it: an IPv4 network of 256, an IPv6 network of a site."""
    try:
        bits = 48 if ip_address(text).version == 6 else 24
    except ValueError:  # a Unix socket, or a test's client
        return None
    return str(ip_network(f"{text.partition('%')[0]}/{bits}", strict=False))
