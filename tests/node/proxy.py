"""A network proxy between a node and the server that a test can cut, hold or silence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, quote, urlsplit


class Proxy:
    """Forwards data in both directions. `uri` is the database's address through this proxy."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._wires: set[_Wire] = set()
        self._refuses = False
        self._swallows = False
        self._open = asyncio.Event()
        self._open.set()
        self.delay = 0.0
        """Additional seconds for all data, in each direction."""
        self.port = 0

    @property
    def uri(self) -> str:
        """The same database through this proxy."""
        parts = urlsplit(self._upstream)
        user = quote(parts.username or "", safe="") + (f":{parts.password}" if parts.password else "")
        return parts._replace(netloc=f"{user}@127.0.0.1:{self.port}", query="sslmode=disable").geturl()

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._wires)

    def cut(self) -> None:
        """Break every connection and refuse new ones, like a server that is down."""
        self._refuses = True
        for wire in tuple(self._wires):
            wire.break_off()

    def restore(self) -> None:
        """Accept connections again, and forward data on new ones."""
        self._refuses = self._swallows = False

    def black_hole(self) -> None:
        """Drop all data, even on new connections, which are accepted but never answered."""
        self._swallows = True
        self.silence()

    def silence(self) -> None:
        """Drop all data on existing connections, like a router that forgot them. New ones work."""
        for wire in self._wires:
            wire.silent = True

    def hold(self) -> None:
        """Hold all data back, like an unplugged cable: it arrives late, not never."""
        self._open.clear()

    def release(self) -> None:
        """Let all data through again."""
        self._open.set()

    async def listen(self) -> asyncio.Server:
        """Start the proxy."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        await self._open.wait()
        parts = urlsplit(self._upstream)
        parameters = {key: values[0] for key, values in parse_qs(parts.query).items()}
        port = int(parameters.get("port", parts.port or 5432))
        try:
            if (folder := parameters.get("host", "")).startswith("/"):
                far = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
            else:
                far = await asyncio.open_connection(parts.hostname, port)
        except OSError:  # the server is down
            writer.transport.abort()
            return
        wire = _Wire((reader, writer), far, self._through)
        wire.silent = self._swallows
        self._wires.add(wire)
        try:
            await wire.carry()
        finally:
            self._wires.discard(wire)

    async def _through(self) -> None:
        await asyncio.sleep(self.delay)
        await self._open.wait()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Wire:
    def __init__(self, near: Ends, far: Ends, through: Callable[[], Awaitable[None]]) -> None:
        self._near = near
        self._far = far
        self._through = through
        self.silent = False

    async def carry(self) -> None:
        there = asyncio.create_task(self._pass(self._near[0], self._far[1]))
        back = asyncio.create_task(self._pass(self._far[0], self._near[1]))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.break_off()
            await asyncio.wait([there, back])

    def break_off(self) -> None:
        for _, writer in (self._near, self._far):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._through()
                if not self.silent:
                    writer.write(data)
                    await writer.drain()
        await self._through()  # the end comes late, too


@asynccontextmanager
async def open_proxy(upstream: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the server of this URI."""
    proxy = Proxy(upstream)
    server = await proxy.listen()
    try:
        yield proxy
    finally:
        proxy.cut()
        proxy.release()
        server.close()
        await server.wait_closed()
