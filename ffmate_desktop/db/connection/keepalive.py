"""Makes the kernel notice within ten seconds that the other end of a connection is gone."""

import contextlib
import socket
import sys
from asyncio.trsock import TransportSocket

IDLE, INTERVAL, PROBES = 3, 2, 3
"""Seconds of silence before the first probe, seconds between probes, and how many may stay unanswered."""

LIMIT = IDLE + INTERVAL * PROBES
"""Seconds after which unconfirmed data means the same. The default is a quarter of an hour."""

# Python has no constants for these.
_MAC_KEEPALIVE = 0x10
_MAC_CONNECTION_DROP_TIME = 0x80  # TCP_RXT_CONNDROPTIME, in seconds
_WINDOWS_MAXRT = 5  # in seconds


def enable_keepalive(connected: socket.socket | TransportSocket) -> None:
    """Enable keepalive on a TCP connection, as far as the system supports it. Unix sockets need nothing."""
    if connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    options = {socket.TCP_KEEPINTVL: INTERVAL, socket.TCP_KEEPCNT: PROBES}
    if sys.platform == "darwin":
        options |= {_MAC_KEEPALIVE: IDLE, _MAC_CONNECTION_DROP_TIME: LIMIT}
    elif sys.platform == "win32":
        options |= {socket.TCP_KEEPIDLE: IDLE, _WINDOWS_MAXRT: LIMIT}
    else:
        options |= {socket.TCP_KEEPIDLE: IDLE, socket.TCP_USER_TIMEOUT: LIMIT * 1000}
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in options.items():
        with contextlib.suppress(OSError):  # an older system; the timeout of each heartbeat remains
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
