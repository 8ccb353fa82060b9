"""The network line from one node to the server, which a test can cut and restore, like a cable.

Where the right to make them exists a node lives in a network namespace of its own, behind another one that is its
router: a router that forwards nothing answers nothing, as a broken one. Elsewhere, a proxy is in between.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from tests.node.proxy import Proxy, open_proxy

SUBNETS = "10.97.0.0/16"
_NAMESPACES = Path("/run/netns")


class Line(Protocol):
    """The network line of one node."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """Prefix for the command of a node that uses this line."""
        ...

    async def address(self, port: int) -> str:
        """`host:port` of the server that listens on this port of this computer, as it is seen through the line."""
        ...

    def cut(self) -> None:
        """Drop everything in both directions, without any error."""
        ...

    def restore(self) -> None:
        """Let everything through. Data that was sent meanwhile arrives late, because the kernels resend it."""
        ...


@asynccontextmanager
async def open_line() -> AsyncIterator[Line]:
    """A line; it is taken away at the end."""
    if can_make_namespaces():
        line = _Namespaces()
        try:
            yield line
        finally:
            line.close()
    else:
        async with AsyncExitStack() as stack:
            yield _Proxies(stack)


def can_make_namespaces() -> bool:
    """Whether this process may."""
    return (
        sys.platform == "linux"
        and os.geteuid() == 0
        and shutil.which("ip") is not None
        and shutil.which("nsenter") is not None
        and subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
    )


class _Namespaces:
    """`ffd-N`, where the node lives, behind `ffd-N-router`; N is free on this computer."""

    def __init__(self) -> None:
        _remove_abandoned()
        self._number = next(number for number in range(1, 255) if self._take(number))
        self._node, self._router = _names(self._number)
        near, far = f"10.97.{self._number}.1", f"10.97.{self._number}.2"
        router, node = f"10.97.{self._number}.5", f"10.97.{self._number}.6"
        outside, inside = f"ffdr{self._number}", f"ffdn{self._number}"
        for line in f"""
            netns add {self._node}
            link set {outside} netns {self._router}
            addr add {near}/30 dev ffd{self._number}
            link set ffd{self._number} up
            -n {self._router} addr add {far}/30 dev {outside}
            -n {self._router} link set {outside} up
            -n {self._router} link add ffdx{self._number} type veth peer name {inside}
            -n {self._router} link set {inside} netns {self._node}
            -n {self._router} addr add {router}/30 dev ffdx{self._number}
            -n {self._router} link set ffdx{self._number} up
            -n {self._node} addr add {node}/30 dev {inside}
            -n {self._node} link set {inside} up
            -n {self._node} link set lo up
            -n {self._node} route add default via {router}
            route add 10.97.{self._number}.4/30 via {far}
        """.strip().splitlines():
            _ip(*line.split())
        self._near = near
        self.restore()

    @staticmethod
    def _take(number: int) -> bool:
        """The link is the lock: its name can be taken once. The router's namespace shows who owns it."""
        command = ["ip", "link", "add", f"ffd{number}", "type", "veth", "peer", "name", f"ffdr{number}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return False
        _ip("netns", "add", _names(number)[1])
        return True

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("nsenter", f"--net={_NAMESPACES / self._node}")

    async def address(self, port: int) -> str:
        return f"{self._near}:{port}"

    def cut(self) -> None:
        self._forward(0)

    def restore(self) -> None:
        self._forward(1)

    def _forward(self, value: int) -> None:
        command = ["sh", "-c", f"echo {value} > /proc/sys/net/ipv4/ip_forward"]
        subprocess.run(["nsenter", f"--net={_NAMESPACES / self._router}", *command], check=True)

    def close(self) -> None:
        _remove(self._number, self._node, self._router)


def _names(number: int) -> tuple[str, str]:
    return f"ffd-{os.getpid()}-{number}", f"ffd-{os.getpid()}-{number}-router"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _remove(number: int, *namespaces: str) -> None:
    for command in (["link", "del", f"ffd{number}"], *(["netns", "del", name] for name in namespaces)):
        subprocess.run(["ip", *command], capture_output=True, check=False)


def _remove_abandoned() -> None:
    """What test processes that were killed could not take away."""
    for path in _NAMESPACES.glob("ffd-*-router") if _NAMESPACES.exists() else ():
        _, owner, number, _ = path.name.split("-")
        with suppress(ProcessLookupError):
            os.kill(int(owner), 0)
            continue
        _remove(int(number), path.name, path.name.removesuffix("-router"))


class _Proxies:
    """One proxy a server."""

    prefix: tuple[str, ...] = ()

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._proxies: dict[int, Proxy] = {}

    async def address(self, port: int) -> str:
        if port not in self._proxies:
            upstream = f"postgresql://127.0.0.1:{port}"
            self._proxies[port] = await self._stack.enter_async_context(open_proxy(upstream))
        return f"127.0.0.1:{self._proxies[port].port}"

    def cut(self) -> None:
        for proxy in self._proxies.values():
            proxy.hold()

    def restore(self) -> None:
        for proxy in self._proxies.values():
            proxy.release()
