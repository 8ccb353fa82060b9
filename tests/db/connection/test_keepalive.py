"""The kernel is asked to notice within ten seconds that the other end is gone."""

import socket
import sys

import pytest

from ffmate_desktop.db.connection.keepalive import INTERVAL, PROBES, enable_keepalive


def test_a_connection_over_tcp_is_watched() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        enable_keepalive(client)
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if sys.platform == "linux":
            idle = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            assert idle + INTERVAL * PROBES < 10
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == INTERVAL
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == PROBES
            assert 0 < client.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) < 10_000


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_a_unix_socket_needs_nothing() -> None:
    first, other = socket.socketpair(socket.AF_UNIX)
    with first, other:
        enable_keepalive(first)
