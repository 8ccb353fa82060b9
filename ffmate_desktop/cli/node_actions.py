"""Commands for nodes: pause, resume, slots, drain. Each changes the node's row, which the node then applies."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.nodes import AsJson, nodes
from ffmate_desktop.cli.selectors import tasks_in_words
from ffmate_desktop.cli.text import printable
from ffmate_desktop.db.connection.outages import CONNECTION_LOST
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.node import Node, NodeState
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.services.nodes import NodeService

SomeNames = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Names of nodes.", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="All running nodes.")]
Act = Callable[[NodeService, str], Awaitable[None]]


@nodes.command("pause")
def pause(
    typer_context: typer.Context, names: SomeNames = None, everyone: All = False, as_json: AsJson = False
) -> None:
    """Stop a node from claiming tasks. It finishes its running tasks and stays in the cluster."""
    context = context_of(typer_context)
    _check(names, everyone)
    done = "claims no tasks until you resume it."
    context.run(
        _act(context, names, lambda service, name: service.pause(name), _is_live, done, as_json=as_json)
    )


@nodes.command("resume")
def resume(
    typer_context: typer.Context, names: SomeNames = None, everyone: All = False, as_json: AsJson = False
) -> None:
    """Let a paused or draining node claim tasks again. --all resumes the paused ones."""
    context = context_of(typer_context)
    _check(names, everyone)
    done = "claims tasks again."
    context.run(
        _act(context, names, lambda service, name: service.resume(name), _is_paused, done, as_json=as_json)
    )


@nodes.command("slots")
def slots(
    typer_context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A node; leave it out with --all.", show_default=False),
    ] = None,
    number: Annotated[
        str | None,
        typer.Argument(
            metavar="N", help="Tasks at once. Leave it out to show the current number.", show_default=False
        ),
    ] = None,
    everyone: All = False,
    as_json: AsJson = False,
) -> None:
    """Set or show how many tasks a node runs at once. Running tasks above that number finish first."""
    context = context_of(typer_context)
    match name, number, everyone:
        case str(), None, False:
            context.run(_show_slots(context, name, as_json))
        case str(), str(), False:
            context.run(_set_slots(context, [name], number, as_json))
        case str(), None, True:  # the only word is the number
            context.run(_set_slots(context, None, name, as_json))
        case _:
            raise UsageError(
                "Name a node and a number of slots, or use --all with a number.",
                "For example `ffmate-desktop nodes slots edit-bay-1 4`.",
            )


@nodes.command("drain")
def drain(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The node's name.")],
    as_json: AsJson = False,
) -> None:
    """Let a node finish its running tasks and leave the cluster."""
    context = context_of(typer_context)
    done = "finishes its running tasks, then leaves."
    context.run(
        _act(context, [name], lambda service, name: service.drain(name), _is_live, done, as_json=as_json)
    )


def _check(names: Sequence[str] | None, everyone: bool) -> None:
    if bool(names) == everyone:
        raise UsageError("Name one or more nodes, or use --all.", "`ffmate-desktop nodes list` shows them.")


def _is_live(node: Node) -> bool:
    return node.state in (NodeState.ONLINE, NodeState.DRAINING)


def _is_paused(node: Node) -> bool:
    return node.state is NodeState.ONLINE and node.paused  # a draining node was asked to leave


async def _act(
    context: Context,
    names: Sequence[str] | None,
    act: Act,
    applies_to: Callable[[Node], bool],
    done: str,
    *,
    as_json: bool,
) -> None:
    """Apply it to the nodes with these names; for None, to all for which `applies_to` is true."""
    changed: list[str] = []
    refused: list[str] = []
    async with open_cluster(context.settings) as cluster:
        targets = names or [node.identifier for node in await cluster.nodes.all() if applies_to(node)]
        for name in dict.fromkeys(targets):
            try:
                await act(cluster.nodes, name)
            except CONNECTION_LOST:  # some of these are a UserError, but say nothing about this node
                raise
            except UsageError:
                raise
            except UserError as error:
                if names:  # with --all, a node that leaves meanwhile isn't missed
                    refused.append(str(error))
            else:
                changed.append(name)
        found = await _nodes(cluster, changed) if as_json else []
    if as_json:
        data = [node.to_json() for node in found]
        context.print_json(data[0] if names is not None and len(names) == 1 and data else data)
    for name in () if as_json else changed:
        context.console.print(f"{printable(name)} {done}", markup=False, soft_wrap=True)
    if refused:
        raise UserError(" ".join(refused))
    if not changed and not as_json:
        context.console.print("No running node needs this.")


async def _nodes(cluster: ClusterServices, names: Sequence[str]) -> list[Node]:
    return [node for node in await cluster.nodes.all() if node.identifier in names]


async def _set_slots(context: Context, names: Sequence[str] | None, text: str, as_json: bool) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"“{printable(text)}” isn't a number of slots.", "Use a whole number, 0 or more.")
    number = int(text)
    done = f"runs up to {tasks_in_words(number)} at once."
    act: Act = lambda service, name: service.set_slots(name, number)  # noqa: E731 - as for the others
    await _act(context, names, act, _is_live, done, as_json=as_json)


async def _show_slots(context: Context, name: str, as_json: bool) -> None:
    async with open_cluster(context.settings) as cluster:
        found = await _nodes(cluster, [name])
    if not found:
        raise UserError(
            f"There is no node named “{printable(name)}”.", "`ffmate-desktop nodes list` shows them."
        )
    if as_json:
        context.print_json(found[0].to_json())
    else:
        context.console.print(str(found[0].slots))
