"""Hostile names, which anyone who can write to the queue's database could store."""

import json
import re

import asyncpg

COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that control a terminal or reverse the text direction."""


def hostile(picture: object) -> str:
    """Return a name with markup, control characters and escapes. `picture` is a file that must not be opened."""
    return f'n<img src="{picture}">&lt;\u202egnp\u2066\x1b]0;x\x07\x9b31m\t[bold]\r&x:smile:.mp4'


async def fill(uri: str, name: str, words: str) -> None:
    """Make all texts of the tasks hostile, and add hostile rows of every other kind."""
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute(
            "UPDATE ffmate.tasks SET name = $1, preset_name = $2, error = $1", words, name
        )
        await connection.execute(
            "INSERT INTO ffmate.presets (uuid, name, description, command, command_tokens)"
            " VALUES (gen_random_uuid(), $1, $2, $2, '[]')",
            name,
            words,
        )
        spec = {"name": name, "path": name, "preset": "00000000-0000-0000-0000-000000000000"}
        await connection.execute(
            "INSERT INTO ffmate.watchfolders (uuid, name, seconds, spec, suspended, error)"
            " VALUES (gen_random_uuid(), $1, 60, $2, true, $3)",
            name,
            json.dumps(spec),
            words,
        )
        await connection.execute(
            "INSERT INTO ffmate.nodes (id, session, identifier, state, heartbeat, lease_until, ended_at, machine,"
            " pid, host, os, arch, program, program_schema, ffmpeg, ffmpeg_version, cores, slots, labels)"
            " VALUES (1000000, gen_random_uuid(), $1, 'left', '5s', now(), now(), $1, 1, $1, $1, $1, $1, 1, $1, $1,"
            " 1, 1, ARRAY[$1])",
            name,
        )
        await connection.execute(
            "INSERT INTO ffmate.node_logs (node, incarnation, at, level, namespace, message)"
            " VALUES ($1, 1, now(), 40, $1, $2)",
            name,
            words,
        )
    finally:
        await connection.close()
